//! Every mistake in a configuration is told with its line, its column and what to do.

use expect_test::{Expect, expect};
use job_core::TypeName;
use job_runner::config::{Config, Selection};
use std::path::Path;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("/app/jobs.toml")).map_err(|error| error.to_string())
}

#[track_caller]
fn says(text: &str, expected: &Expect) {
    match parse(text) {
        Ok(config) => panic!("no mistake was found: {config:?}"),
        Err(said) => expected.assert_eq(&said),
    }
}

/// A section whose second line is `line`.
#[track_caller]
fn setting_says(line: &str, expected: &Expect) {
    says(&format!("[section.mail]\n{line}\ntypes = [\"mail\"]\n"), expected);
}

#[test]
fn text_that_is_no_toml() {
    says("[section.mail\n", &expect!["/app/jobs.toml:1:14: unclosed table, expected `]`"]);
    says(
        "[section.mail]\ntypes = [\"mail\"\n",
        &expect!["/app/jobs.toml:2:16: unclosed array, expected `]`"],
    );
    says("[section.mail]\ntypes = [\"mail\"]\ntypes = []\n", &expect!["/app/jobs.toml:3:1: duplicate key"]);
}

#[test]
fn a_setting_that_does_not_exist() {
    setting_says(
        "concurency = 4",
        &expect![
            "/app/jobs.toml:2:1: there is no setting `concurency` here; did you mean `concurrency`? The settings are beat, concurrency, crash_limit, delete_completed, grace, group, lease, lease_doubt, link, queues, reports, role, types"
        ],
    );
    setting_says(
        "colour = 'red'",
        &expect![
            "/app/jobs.toml:2:1: there is no setting `colour` here; the settings are beat, concurrency, crash_limit, delete_completed, grace, group, lease, lease_doubt, link, queues, reports, role, types"
        ],
    );
    says(
        "[sections.mail]\n",
        &expect![
            "/app/jobs.toml:1:2: there is no setting `sections` here; did you mean `section`? The settings are section, store"
        ],
    );
}

#[test]
fn a_value_of_the_wrong_kind() {
    setting_says(
        "concurrency = 'four'",
        &expect![[r#"/app/jobs.toml:2:15: invalid type: string "four", expected u32"#]],
    );
    setting_says(
        "concurrency = -1",
        &expect!["/app/jobs.toml:2:15: invalid value: integer `-1`, expected u32"],
    );
    setting_says(
        "concurrency = 0",
        &expect!["/app/jobs.toml:2:15: a concurrency of 0 runs nothing; 1 is the least"],
    );
    setting_says(
        "lease_doubt = 'panic'",
        &expect!["/app/jobs.toml:2:15: unknown variant `panic`, expected `stop` or `carry-on`"],
    );
    setting_says(
        "queues = ['a b']",
        &expect![
            "/app/jobs.toml:2:10: `a b` cannot name a queue: it contains ' '; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`"
        ],
    );
    setting_says(
        "group = ''",
        &expect!["/app/jobs.toml:2:9: the group has no name; name it, or leave `group` out"],
    );
    says(
        "[section.\"a b\"]\ntypes = ['mail']\n",
        &expect![
            "/app/jobs.toml:1:10: `a b` cannot name a section: it contains ' '; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`"
        ],
    );
}

#[test]
fn a_duration_that_is_none() {
    setting_says(
        "lease = 30",
        &expect![[
            r#"/app/jobs.toml:2:9: invalid type: integer `30`, expected a duration in quotes, such as "500ms", "30s" or "1h 30m""#
        ]],
    );
    setting_says(
        "lease = '30'",
        &expect![[
            r#"/app/jobs.toml:2:9: invalid value: string "30", expected a duration in quotes, such as "500ms", "30s" or "1h 30m""#
        ]],
    );
    setting_says(
        "lease = '-30s'",
        &expect![[
            r#"/app/jobs.toml:2:9: invalid value: string "-30s", expected a duration in quotes, such as "500ms", "30s" or "1h 30m""#
        ]],
    );
    setting_says(
        "grace = 'a while'",
        &expect![[
            r#"/app/jobs.toml:2:9: invalid value: string "a while", expected a duration in quotes, such as "500ms", "30s" or "1h 30m""#
        ]],
    );
}

#[test]
fn a_lease_too_short_for_its_beat() {
    setting_says(
        "lease = '15s'\nbeat = '8s'",
        &expect![
            "/app/jobs.toml:2:9: a lease of 15s is too short for a beat of 8s: it must last two beats, or one late beat loses the jobs"
        ],
    );
    setting_says(
        "beat = '20s'",
        &expect![
            "/app/jobs.toml:2:8: a lease of 30s is too short for a beat of 20s: it must last two beats, or one late beat loses the jobs"
        ],
    );
    setting_says(
        "beat = '0s'",
        &expect![
            "/app/jobs.toml:2:8: a lease of 30s is too short for a beat of 0ns: it must last two beats, or one late beat loses the jobs"
        ],
    );
    setting_says(
        "lease = '0s'",
        &expect![
            "/app/jobs.toml:2:9: a lease of 0ns is too short for a beat of 0ns: it must last two beats, or one late beat loses the jobs"
        ],
    );
}

#[test]
fn a_section_that_runs_nothing() {
    says(
        "[section.mail]\n",
        &expect![[
            r#"/app/jobs.toml:1:10: section `mail` runs nothing: give it `types = ["…"]`, or a `link` to another section"#
        ]],
    );
    says(
        "[section.mail]\ntypes = []\n",
        &expect![[
            r#"/app/jobs.toml:1:10: section `mail` runs nothing: give it `types = ["…"]`, or a `link` to another section"#
        ]],
    );
}

#[test]
fn a_type_listed_twice() {
    says(
        "[section.mail]\ntypes = ['mail', 'news', 'mail']\n",
        &expect!["/app/jobs.toml:2:26: job type `mail` is listed twice; once is enough"],
    );
}

#[test]
fn a_link_that_leads_nowhere() {
    says(
        "[section.mail]\ntypes = ['mail']\n[section.news]\nlink = 'mial'\n",
        &expect![
            "/app/jobs.toml:4:8: the link leads to no section: `mial`; did you mean `mail`? The sections are mail, news"
        ],
    );
}

#[test]
fn links_in_a_circle() {
    says(
        "[section.a]\nlink = 'b'\n[section.b]\nlink = 'c'\n[section.c]\nlink = 'b'\n",
        &expect!["/app/jobs.toml:6:8: the links lead in a circle: a -> b -> c -> b; end it somewhere"],
    );
    says(
        "[section.a]\nlink = 'a'\n",
        &expect!["/app/jobs.toml:2:8: the links lead in a circle: a -> a; end it somewhere"],
    );
}

#[test]
fn a_link_with_settings_of_its_own() {
    says(
        "[section.a]\ntypes = ['a']\n[section.b]\nlink = 'a'\nconcurrency = 2\n",
        &expect![
            "/app/jobs.toml:4:8: a section with a `link` is as `a` says; take out `concurrency`, or the link"
        ],
    );
}

#[test]
fn a_store_that_is_no_url() {
    says(
        "store = 'jobs.sqlite3'\n",
        &expect![
            "/app/jobs.toml:1:9: `jobs.sqlite3` is not the URL of a store; write it as `sqlite:jobs.sqlite3`"
        ],
    );
    says(
        "store = ''\n",
        &expect!["/app/jobs.toml:1:9: `` is not the URL of a store; write it as `sqlite:jobs.sqlite3`"],
    );
}

#[test]
fn a_type_the_program_does_not_have() {
    let config = parse("[section.mail]\ntypes = ['mail',\n  'newz']\n").unwrap();
    let known = ["mail", "news"].map(|it| TypeName::new(it).unwrap());
    let said = config.section("mail").unwrap().check_types(&known).unwrap_err();
    expect!["/app/jobs.toml:3:3: this program has no job type `newz`; did you mean `news`? The job types are mail, news"].assert_eq(&said.to_string());
}

#[test]
fn a_section_or_group_that_is_not_there() {
    let config =
        parse("[section.mail]\ntypes = ['mail']\ngroup = 'main'\n[section.news]\nlink = 'mail'\n").unwrap();
    let said = |selection| config.select(&selection).unwrap_err().to_string();
    let names = || vec!["mial".to_owned()];
    expect!["/app/jobs.toml has no section `mial`; did you mean `mail`? The sections are mail, news"]
        .assert_eq(&said(Selection { sections: names(), ..Selection::default() }));
    expect!["/app/jobs.toml has no section `mial`; did you mean `mail`? The sections are mail, news"]
        .assert_eq(&said(Selection { exclude: names(), ..Selection::default() }));
    expect!["/app/jobs.toml has no group `mial`; the groups are main"]
        .assert_eq(&said(Selection { groups: names(), ..Selection::default() }));
    let empty = parse("").unwrap();
    expect!["/app/jobs.toml has no section `mail`; there are no sections"]
        .assert_eq(&empty.section("mail").unwrap_err().to_string());
}

#[test]
fn a_file_that_cannot_be_read() {
    let said = Config::read(Path::new("/nowhere/jobs.toml")).unwrap_err();
    expect!["cannot read the configuration /nowhere/jobs.toml: No such file or directory (os error 2)"]
        .assert_eq(&said.to_string());
}
