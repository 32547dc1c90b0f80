//! What a configuration says is what is run.

use job_runner::{
    LeaseDoubt, SectionSettings,
    config::{Config, Selection},
};
use std::{num::NonZeroU32, path::Path, time::Duration};

#[track_caller]
fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("/app/jobs.toml")).unwrap()
}

const ALL: &str = r#"
store = "sqlite:data/jobs.sqlite3"

[section.code-review]
types = ["generate-diff", "proposal-heat"]
queues = ["slow"]
concurrency = 4
threads = 2
queue_limits = { slow = 1, "mail/urgent" = 2 }
prefetch = 0
zombie_limit = 3
poll = "250ms"
scan = "1m"
retention = "30d"
group = "main"
role = "reviewer"
lease = "1m 30s"
beat = "500ms"
grace = "0s"
delete_completed = true
crash_limit = 2
lease_doubt = "carry-on"
reports = "reports"
"#;

#[test]
fn every_setting_arrives() {
    let config = parse(ALL);
    let section = config.section("code-review").unwrap();
    let expected = SectionSettings {
        types: vec!["generate-diff".parse().unwrap(), "proposal-heat".parse().unwrap()],
        queues: vec!["slow".parse().unwrap()],
        concurrency: NonZeroU32::new(4).unwrap(),
        threads: NonZeroU32::new(2),
        queue_limits: [("slow", 1), ("mail/urgent", 2)]
            .map(|(name, most)| (name.parse().unwrap(), NonZeroU32::new(most).unwrap()))
            .into(),
        prefetch: Some(0),
        zombie_limit: Some(3),
        poll: Duration::from_millis(250),
        scan: Duration::from_secs(60),
        retention: Some(Duration::from_secs(30 * 86_400)),
        lease: Duration::from_secs(90),
        beat: Duration::from_millis(500),
        grace: Duration::ZERO,
        delete_completed: true,
        crash_limit: 2,
        lease_doubt: LeaseDoubt::CarryOn,
        report_dir: Some("/app/reports".into()),
        ..SectionSettings::new("code-review".parse().unwrap())
    };
    assert_eq!(section.settings(), expected);
    assert_eq!((section.group(), section.role()), (Some("main"), Some("reviewer")));
}

#[test]
fn what_is_not_said_is_as_the_runner_has_it() {
    let config = parse("[section.mail]\ntypes = ['mail']\n");
    let section = config.section("mail").unwrap();
    let types = vec!["mail".parse().unwrap()];
    let expected = SectionSettings { types, ..SectionSettings::new("mail".parse().unwrap()) };
    assert_eq!(section.settings(), expected);
    assert_eq!((section.group(), section.role(), section.link()), (None, None, None));
}

#[test]
fn a_short_lease_takes_its_beat_along() {
    let beat = |lease: &str| {
        let config = parse(&format!("[section.mail]\ntypes = ['mail']\nlease = '{lease}'\n"));
        config.section("mail").unwrap().settings().beat
    };
    assert_eq!(beat("3s"), Duration::from_secs(1));
    assert_eq!(beat("1h"), Duration::from_secs(10));
}

/// P01
#[test]
fn a_link_uses_the_settings_of_the_section_where_links_end() {
    let config =
        parse(&format!("{ALL}[section.b]\nlink = 'code-review'\ngroup = 'b'\n[section.c]\nlink = 'b'\n"));
    let [end, b, c] = ["code-review", "b", "c"].map(|name| config.section(name).unwrap());
    for (link, name, group) in [(b, "b", Some("b")), (c, "c", None)] {
        let own_name = SectionSettings { name: name.parse().unwrap(), ..end.settings() };
        assert_eq!(link.settings(), own_name, "its lock and its runs are its own");
        assert_eq!(link.link(), Some(end.name()));
        assert_eq!((link.group(), link.role()), (group, Some("reviewer")), "a group is not handed on");
    }
}

#[test]
fn sections_are_selected_in_the_order_given_then_groups_by_name_each_once() {
    let section = |name: &str, group: &str| format!("[section.{name}]\ntypes = ['x']\n{group}\n");
    let text =
        section("c", "group = 'one'") + &section("a", "group = 'one'") + &section("b", "group = 'two'");
    let config = parse(&(text + &section("d", "")));
    let names = |sections: &[&str], groups: &[&str], exclude: &[&str]| {
        let [sections, groups, exclude] =
            [sections, groups, exclude].map(|list| list.iter().map(|it| (*it).to_owned()).collect());
        let selected = config.select(&Selection { sections, groups, exclude }).unwrap();
        selected.iter().map(|it| it.name().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["d", "c"], &["one"], &[]), ["d", "c", "a"]);
    assert_eq!(names(&[], &["two", "one"], &[]), ["a", "b", "c"]);
    assert_eq!(names(&["d", "d"], &["one", "one"], &["c"]), ["d", "a"]);
    assert!(names(&["d"], &[], &["d"]).is_empty());
}

#[test]
fn a_relative_store_is_beside_the_file_and_others_are_as_they_are() {
    let store = |url: &str| parse(&format!("store = '{url}'\n")).store().to_owned();
    assert_eq!(parse("").store(), "sqlite:/app/jobs.sqlite3");
    assert_eq!(store("sqlite:a b/x.sqlite3"), "sqlite:/app/a b/x.sqlite3");
    for as_it_is in
        ["sqlite:/var/jobs.sqlite3", "postgres://db/jobs?sslmode=require", "sqlite::memory:", "memory:"]
    {
        assert_eq!(store(as_it_is), as_it_is);
    }
}
