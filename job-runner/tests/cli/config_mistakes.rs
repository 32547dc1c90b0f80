//! Every mistake in a configuration is told with its line, its column and what to do.

use expect_test::{Expect, expect};
use job_core::TypeName;
use job_runner::config::{Config, Selection};
use std::path::Path;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("jobs.toml")).map_err(|error| error.to_string())
}

/// What is said of each of the files, a line each.
#[track_caller]
fn say(files: &[&str], expected: &Expect) {
    let said = files.iter().map(|text| parse(text).expect_err("no mistake was found") + "\n");
    expected.assert_eq(&said.collect::<String>());
}

/// What is said of a section with each of these settings, which begin on the second line.
#[track_caller]
fn settings_say(settings: &[&str], expected: &Expect) {
    let file = |line: &&str| format!("[section.mail]\n{line}\ntypes = [\"mail\"]\n");
    let files: Vec<String> = settings.iter().map(file).collect();
    say(&files.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn text_that_is_no_toml() {
    say(
        &[
            "[section.mail\n",
            "[section.mail]\ntypes = ['mail'\n",
            "[section.mail]\ntypes = ['mail']\ntypes = []\n",
        ],
        &expect![[r#"
            jobs.toml:1:14: unclosed table, expected `]`
            jobs.toml:2:16: unclosed array, expected `]`
            jobs.toml:3:1: duplicate key
        "#]],
    );
}

#[test]
fn a_setting_that_does_not_exist() {
    settings_say(
        &["concurency = 4", "colour = 'red'"],
        &expect![[r#"
            jobs.toml:2:1: there is no setting `concurency` here; did you mean `concurrency`? The settings are beat, concurrency, crash_limit, delete_completed, grace, group, lease, lease_doubt, link, poll, prefetch, queue_limits, queues, reports, retention, role, scan, threads, types, zombie_limit
            jobs.toml:2:1: there is no setting `colour` here; the settings are beat, concurrency, crash_limit, delete_completed, grace, group, lease, lease_doubt, link, poll, prefetch, queue_limits, queues, reports, retention, role, scan, threads, types, zombie_limit
        "#]],
    );
    say(
        &["[sections.mail]\n"],
        &expect![[r#"
        jobs.toml:1:2: there is no setting `sections` here; did you mean `section`? The settings are section, store
    "#]],
    );
}

#[test]
fn a_value_of_the_wrong_kind() {
    settings_say(
        &[
            "concurrency = 'four'",
            "concurrency = -1",
            "concurrency = 0",
            "threads = 0",
            "queue_limits = 4",
            "queue_limits = { mail = 0 }",
            "queue_limits = { mail = 'one' }",
            "queue_limits = { 'a b' = 1 }",
            "prefetch = '4'",
            "lease_doubt = 'panic'",
            "queues = ['a b']",
            "queues = 'mail'",
            "queues = 1",
            "queues = [1]",
            "delete_completed = 'no'",
            "role = 1",
            "reports = 1",
            "link = 1",
            "group = ''",
        ],
        &expect![[r#"
            jobs.toml:2:15: string "four" does not fit here; expected a whole number, 0 or more
            jobs.toml:2:15: integer `-1` does not fit here; expected a whole number, 0 or more
            jobs.toml:2:15: a concurrency of 0 runs nothing; 1 is the least
            jobs.toml:2:11: no handler runs without a thread; 1 is the least
            jobs.toml:2:16: integer `4` does not fit here; expected a table of names, such as [section.mail] or { mail = 1 }
            jobs.toml:2:25: a limit of 0 leaves the jobs of mail alone; 1 is the least. To stop them for a while, pause the queue: `queues pause mail`
            jobs.toml:2:25: string "one" does not fit here; expected a whole number, 0 or more
            jobs.toml:2:18: `a b` cannot name a queue: it contains ' '; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`
            jobs.toml:2:12: string "4" does not fit here; expected a whole number, 0 or more
            jobs.toml:2:15: `panic` is none of the choices; expected `stop` or `carry-on`
            jobs.toml:2:10: `a b` cannot name a queue: it contains ' '; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`
            jobs.toml:2:10: string "mail" does not fit here; expected a list, such as ["mail"]
            jobs.toml:2:10: integer `1` does not fit here; expected a list, such as ["mail"]
            jobs.toml:2:11: integer `1` does not fit here; expected text in quotes
            jobs.toml:2:20: string "no" does not fit here; expected true or false
            jobs.toml:2:8: integer `1` does not fit here; expected text in quotes
            jobs.toml:2:11: integer `1` does not fit here; expected text in quotes
            jobs.toml:2:8: integer `1` does not fit here; expected text in quotes
            jobs.toml:2:9: the group has no name; name it, or leave `group` out
        "#]],
    );
    say(
        &["[section.mail]\ntypes = 'mail'\n", "section = 1\n", "[section]\nmail = 1\n", "store = 1\n"],
        &expect![[r#"
            jobs.toml:2:9: string "mail" does not fit here; expected a list, such as ["mail"]
            jobs.toml:1:11: integer `1` does not fit here; expected a table of names, such as [section.mail] or { mail = 1 }
            jobs.toml:2:8: integer `1` does not fit here; expected a table, such as [section.mail]
            jobs.toml:1:9: integer `1` does not fit here; expected text in quotes
        "#]],
    );
    say(
        &["[section.'a b']\ntypes = ['mail']\n"],
        &expect![[r#"
        jobs.toml:1:10: `a b` cannot name a section: it contains ' '; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`
    "#]],
    );
}

#[test]
fn a_duration_that_is_none() {
    settings_say(
        &["lease = 30", "lease = '30'", "lease = '-30s'", "grace = 'a while'"],
        &expect![[r#"
            jobs.toml:2:9: integer `30` does not fit here; expected a duration in quotes, such as "500ms", "30s", "1h 30m" or "30d"
            jobs.toml:2:9: string "30" does not fit here; expected a duration in quotes, such as "500ms", "30s", "1h 30m" or "30d"
            jobs.toml:2:9: string "-30s" does not fit here; expected a duration in quotes, such as "500ms", "30s", "1h 30m" or "30d"
            jobs.toml:2:9: string "a while" does not fit here; expected a duration in quotes, such as "500ms", "30s", "1h 30m" or "30d"
        "#]],
    );
}

#[test]
fn a_pace_without_rest() {
    settings_say(
        &["poll = '0s'", "scan = '0s'", "retention = '0s'"],
        &expect![[r#"
        jobs.toml:2:8: this is done again and again, so it needs some time in between, such as "1s"
        jobs.toml:2:8: this is done again and again, so it needs some time in between, such as "1s"
        jobs.toml:2:13: jobs that failed would be gone before anybody saw them; say for how long final jobs are kept, such as "30d"
    "#]],
    );
}

#[test]
fn a_limit_of_a_queue_that_the_section_does_not_look_into() {
    let config = parse("[section.mail]\ntypes = ['mail']\n[section.mail.queue_limits]\nsloww = 1\n").unwrap();
    let queues = ["default", "slow"].map(|it| it.parse().unwrap());
    let said = config.section("mail").unwrap().check_queues(&queues).unwrap_err();
    expect!["jobs.toml:4:1: section `mail` does not look into queue `sloww`; did you mean `slow`? The queues are default, slow"].assert_eq(&said.to_string());
}

#[test]
fn a_lease_too_short_for_its_beat() {
    settings_say(
        &["lease = '15s'\nbeat = '8s'", "beat = '20s'", "beat = '0s'", "lease = '0s'"],
        &expect![[r#"
            jobs.toml:2:9: a lease of 15s is too short for a beat of 8s: it must last two beats at least, or one late beat loses the jobs
            jobs.toml:2:8: a lease of 30s is too short for a beat of 20s: it must last two beats at least, or one late beat loses the jobs
            jobs.toml:2:8: leases and beats need some time, such as "30s" and "10s"
            jobs.toml:2:9: leases and beats need some time, such as "30s" and "10s"
        "#]],
    );
}

#[test]
fn a_section_that_runs_nothing_or_one_type_twice() {
    say(
        &[
            "[section.mail]\n",
            "[section.mail]\ntypes = []\n",
            "[section.mail]\ntypes = ['mail', 'news', 'mail']\n",
        ],
        &expect![[r#"
            jobs.toml:1:10: section `mail` runs nothing: give it `types = ["…"]`, or a `link` to another section
            jobs.toml:1:10: section `mail` runs nothing: give it `types = ["…"]`, or a `link` to another section
            jobs.toml:2:26: job type `mail` is listed twice; once is enough
        "#]],
    );
}

#[test]
fn a_link_that_leads_nowhere_or_in_a_circle_or_has_settings_of_its_own() {
    say(
        &[
            "[section.mail]\ntypes = ['mail']\n[section.news]\nlink = 'mial'\n",
            "[section.a]\nlink = 'b'\n[section.b]\nlink = 'c'\n[section.c]\nlink = 'b'\n",
            "[section.a]\nlink = 'a'\n",
            "[section.a]\ntypes = ['a']\n[section.b]\nlink = 'a'\nconcurrency = 2\n",
        ],
        &expect![[r#"
            jobs.toml:4:8: the link leads to no section: `mial`; did you mean `mail`? The sections are mail, news
            jobs.toml:6:8: the links lead in a circle: a -> b -> c -> b; end it somewhere
            jobs.toml:2:8: the links lead in a circle: a -> a; end it somewhere
            jobs.toml:4:8: a section with a `link` is as `a` says; take out `concurrency`, or the link
        "#]],
    );
}

#[test]
fn a_store_that_is_no_url() {
    say(
        &[
            "store = 'foos.db'\n",
            "store = ''\n",
            "store = 'sqlite:'\n",
            "store = 'sqlite://'\n",
            "store = 'postgres//user:secret@host/db'\n",
        ],
        &expect![[r#"
            jobs.toml:1:9: `foos.db` is not the URL of a store; write it as `sqlite:foos.db`
            jobs.toml:1:9: `` is not the URL of a store; write it as `sqlite:jobs.sqlite3`
            jobs.toml:1:9: `sqlite:` names no file; write it as `sqlite:jobs.sqlite3`
            jobs.toml:1:9: `sqlite://` names no file; write it as `sqlite:jobs.sqlite3`
            jobs.toml:1:9: a store's URL begins with its kind and a colon, as in `sqlite:jobs.sqlite3`; this one does not
        "#]],
    );
}

#[test]
fn a_type_the_program_does_not_have() {
    let config = parse("[section.mail]\ntypes = ['mail',\n  'newz']\n").unwrap();
    let known = ["mail", "news"].map(|it| TypeName::new(it).unwrap());
    let said = config.section("mail").unwrap().check_types(&known).unwrap_err();
    expect!["jobs.toml:3:3: this program has no job type `newz`; did you mean `news`? The job types are mail, news"].assert_eq(&said.to_string());
}

#[test]
fn a_section_or_group_that_is_not_there() {
    let config =
        parse("[section.mail]\ntypes = ['mail']\ngroup = 'main'\n[section.news]\nlink = 'mail'\n").unwrap();
    let mial = || vec!["mial".to_owned()];
    let selections = [
        Selection { sections: mial(), ..Selection::default() },
        Selection { exclude: mial(), ..Selection::default() },
        Selection { groups: mial(), ..Selection::default() },
    ];
    let mut said = selections.map(|it| config.select(&it).unwrap_err().to_string()).join("\n");
    said += "\n";
    said += &parse("").unwrap().section("mail").unwrap_err().to_string();
    expect![[r#"
        jobs.toml has no section `mial`; did you mean `mail`? The sections are mail, news
        jobs.toml has no section `mial`; did you mean `mail`? The sections are mail, news
        jobs.toml has no group `mial`; the groups are main
        jobs.toml has no section `mail`; there are no sections"#]]
    .assert_eq(&said);
}

#[test]
fn a_file_that_cannot_be_read() {
    let said = Config::read(Path::new("/nowhere/jobs.toml")).unwrap_err();
    expect!["cannot read the configuration /nowhere/jobs.toml: No such file or directory (os error 2)"]
        .assert_eq(&said.to_string());
}
