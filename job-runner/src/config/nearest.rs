//! What a misspelt name may have meant.

/// Advice for who wrote `wrong`, which is none of `known`: the nearest one, if it is near, and all of them.
pub(crate) fn among<'a>(plural: &str, wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() {
        return format!("there are no {plural}");
    }
    let meant = match nearest(wrong, &known) {
        Some(name) => format!("did you mean `{name}`? "),
        None => String::new(),
    };
    let the = if meant.is_empty() { "the" } else { "The" };
    format!("{meant}{the} {plural} are {}", known.join(", "))
}

/// The name with the fewest typing errors, about one in three letters at most.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let most = (wrong.chars().count() + 1) / 3;
    let typos = |name: &&str| strsim::osa_distance(&wrong.to_lowercase(), &name.to_lowercase());
    known.iter().copied().min_by_key(typos).filter(|name| typos(name) <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(wrong: &str, known: &[&str]) -> String {
        among("sections", wrong, known.iter().copied())
    }

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["mail", "code-review"];
        assert_eq!(
            advice("code-reveiw", &known),
            "did you mean `code-review`? The sections are code-review, mail"
        );
        assert_eq!(advice("Mail", &known), "did you mean `mail`? The sections are code-review, mail");
        assert_eq!(advice("heat", &known), "the sections are code-review, mail");
    }

    #[test]
    fn none_are_listed_as_none() {
        assert_eq!(advice("mail", &[]), "there are no sections");
    }
}
