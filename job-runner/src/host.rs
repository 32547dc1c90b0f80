//! Who this process is, for people.

use job_core::Text;

/// Such as `db1 pid 4711`.
pub(crate) fn holder() -> Text {
    Text::new(format_args!("{} pid {}", host(), std::process::id()))
}

/// The name of this machine.
pub(crate) fn host() -> String {
    // The standard library does not tell; this is where Linux does.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok());
    name.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}
