//! Opening by URL.

use crate::{
    run,
    server::{self, TestSchema},
};
use job_core::{
    Text,
    store::{Filter, JobStoreExt, Opener as _, StoreUrl},
};
use job_store_pg::Opener;

#[test]
fn a_url_opens_a_store_with_its_tables() {
    run(async {
        let schema = TestSchema::new().await;
        for scheme in Opener.schemes() {
            let rest = server::url().split_once(':').unwrap().1;
            let glue = if rest.contains('?') { '&' } else { '?' };
            let url = format!("{scheme}:{rest}{glue}schema={}&roles=false", schema.name);
            let opened = Opener.open(&StoreUrl::new(url)).await.unwrap();
            assert!(!opened.store.any(&Filter::default()).await.unwrap());
            assert_eq!(opened.scheme, "postgres");
            assert!(opened.wake.is_some());
            assert!(opened.admin.unwrap().schema_version().await.unwrap() > 0);
        }
    });
}

#[test]
fn a_server_that_is_not_there_is_told_of_without_the_password() {
    run(async {
        let refused = Opener.open(&StoreUrl::new("postgres://u:secret@127.0.0.1:1/db")).await.unwrap_err();
        let words = Text::of_error(&refused).to_string();
        assert!(words.contains("postgres://u:…@127.0.0.1:1/db"), "{words}");
        assert!(words.contains("is the server running"), "{words}");
        assert!(!words.contains("secret") && !format!("{refused:?}").contains("secret"), "{words}");
    });
}
