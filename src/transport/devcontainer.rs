//! Who works in a devcontainer: what its label and its devcontainer.json say, as containers.dev/implementors/spec has
//! it. Pure.

use serde_json::Value;

/// The label that holds the absolute workspace folder.
pub(super) const FOLDER_LABEL: &str = "devcontainer.local_folder";
/// The label that holds the path of the configuration that was used.
pub(super) const FILE_LABEL: &str = "devcontainer.config_file";
/// The label that holds what image, features and configuration asked for, as JSON.
pub(super) const METADATA_LABEL: &str = "devcontainer.metadata";

/// `remoteUser` of the configuration, which is read anew, else of the label, where the last entry that names one
/// counts; else `containerUser` likewise. None leaves it to the image.
pub(super) fn remote_user(label: Option<&str>, file: Option<&str>) -> Result<Option<String>, String> {
    let label = match label {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("the label {METADATA_LABEL}: {error}"))?,
        None => Value::Null,
    };
    let file = match file {
        Some(text) => {
            let options = jsonc_parser::ParseOptions::default();
            jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &options)
                .map_err(|error| format!("devcontainer.json: {error}"))?
                .value
                .map_or(Value::Null, Value::from)
        }
        None => Value::Null,
    };
    let entries: Vec<&Value> = match &label {
        Value::Array(entries) => entries.iter().chain([&file]).collect(),
        one => vec![one, &file],
    };
    for key in ["remoteUser", "containerUser"] {
        let Some(named) = entries.iter().rev().find_map(|entry| entry.get(key)) else { continue };
        let Some(user) = named.as_str().filter(|user| !user.is_empty()) else {
            return Err(format!("{key} is no name: {named}"));
        };
        // The variables of devcontainer.json, which depend on where it was started.
        if user.contains("${") {
            return Err(format!("{key} = {user}: trueup does not support variables there yet"));
        }
        return Ok(Some(user.to_owned()));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_where_the_devcontainer_cli_finds_it() {
        for (label, file, user) in [
            (None, None, None),
            (Some(r#"[{"remoteUser":"node"},{"id":"x"}]"#), None, Some("node")),
            (Some(r#"[{"remoteUser":"root"},{"remoteUser":"vscode"}]"#), None, Some("vscode")),
            (Some(r#"{"containerUser":"dev"}"#), None, Some("dev")),
            (Some(r#"[{"containerUser":"dev"}]"#), Some(r#"{"remoteUser":"me"}"#), Some("me")),
            (None, Some("{ // a comment\n  \"remoteUser\": \"me\", /* and */\n}"), Some("me")),
            (Some("[]"), Some("{}"), None),
        ] {
            assert_eq!(remote_user(label, file).unwrap().as_deref(), user, "{label:?} {file:?}");
        }
        for (label, file, message) in [
            (Some("[{"), None, "the label devcontainer.metadata: "),
            (None, Some("{\"remoteUser\": "), "devcontainer.json: "),
            (None, Some(r#"{"remoteUser": 7}"#), "remoteUser is no name: 7"),
            (None, Some(r#"{"remoteUser": "${localEnv:USER}"}"#), "remoteUser = ${localEnv:USER}: trueup does not"),
        ] {
            let error = remote_user(label, file).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
