//! A devcontainer's configuration and the Dockerfile of its image.
//!
//! A configuration that somebody wrote is amended where it stands: its comments and all that trueup has no say in stay. The
//! image that it names becomes the one that the Dockerfile begins with. A Dockerfile of its own, or a compose file, is left
//! alone; then an apply brings what the image lacks.

use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Serialize;
use serde_json::Value;
use tera::{Context, Tera};

use super::bare::{Bare, Layer, bare};
use super::{File, RenderError};
use crate::provision::work::SetUpRun;
use crate::spec::{Environment, Lock, Making, Target};
use crate::transport::quote;

/// What a devcontainer is rendered of.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The spec.
    pub environment: &'a Environment,
    /// What the reference has.
    pub lock: &'a Lock,
    /// The target, of kind devcontainer.
    pub target: &'a Target,
    /// The repository that the workspace folder is: its name in the spec, and its place in the home.
    pub repo: Option<(&'a str, &'a str)>,
    /// The configuration that is there.
    pub existing: Option<Existing<'a>>,
}

/// A configuration that is there.
#[derive(Clone, Copy, Debug)]
pub struct Existing<'a> {
    /// Its place, relative to the workspace folder.
    pub path: &'a str,
    /// What it holds.
    pub text: &'a str,
    /// The Dockerfile at the place where trueup would put its own, if there is one.
    pub dockerfile: Option<&'a str>,
}

/// What is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Relative to the workspace folder.
    pub files: Vec<File>,
    /// What the person who asked for it should know, a sentence each.
    pub notes: Vec<String>,
}

/// How a Dockerfile of trueup's begins.
const MARK: &str = "# Rendered by trueup ";
/// The folder where a configuration is put that was not there.
const FOLDER: &str = ".devcontainer";
/// Who works in a devcontainer for which nobody is named.
const USER: &str = "dev";
/// npm puts what is installed globally where only root may write, unless it is told of another place. That one's `bin` is on
/// the PATH of a login.
const OWN_PREFIX: &str =
    "[ -w \"$(npm prefix --global)/lib\" ] || npm config set prefix \"$HOME/.local\" --location=user";

/// What trueup wants of a configuration.
struct Wanted {
    name: String,
    /// Relative to the configuration.
    dockerfile: String,
    /// The folder that is handed to the engine, where it is not the Dockerfile's by itself.
    context: Option<&'static str>,
    /// Who works there, if the spec says so.
    user: Option<String>,
    /// Where the workspace folder is mounted: how, and the place.
    mount: Option<(String, String)>,
    /// What sets the repository up.
    set_up: Option<String>,
    /// Whether the spec itself names the image.
    names_image: bool,
}

/// Where the Dockerfile is that goes with a configuration.
pub fn dockerfile_path(configuration: &str) -> String {
    match configuration.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/Dockerfile"),
        None => format!("{FOLDER}/Dockerfile"),
    }
}

/// The files of a devcontainer.
pub fn render(given: &Given<'_>) -> Result<Rendered, RenderError> {
    let Given { environment, lock, target, repo, existing } = *given;
    let Making::Container(making) = &target.making else {
        let (target, kind) = (target.name.clone(), target.kind.word());
        return Err(RenderError::OtherKind { target, kind, wanted: "devcontainer" });
    };
    let configuration = existing.map(|existing| Configuration::read(existing.path, existing.text)).transpose()?;
    let path = existing.map_or_else(|| format!("{FOLDER}/devcontainer.json"), |existing| existing.path.to_owned());
    let theirs = configuration.as_ref();
    let user = making.user.clone().or_else(|| theirs.and_then(|one| one.user.clone()));
    let user = user.unwrap_or_else(|| USER.to_owned());
    let image = making.image.clone().or_else(|| theirs.and_then(|one| one.image.clone()));
    let image = image.unwrap_or_else(|| image_like(lock));
    let bare = bare(environment, lock, target, repo)?;
    let home = home_of(&user);
    let folder = repo.map(|(_, place)| format!("{home}/{}", place.strip_prefix("~/").unwrap_or(place)));
    let is_above = path.contains('/');
    let wanted = Wanted {
        name: format!("{} ({})", environment.name, target.name),
        dockerfile: if is_above { "Dockerfile".to_owned() } else { format!("{FOLDER}/Dockerfile") },
        context: (!is_above).then_some(FOLDER),
        user: making.user.clone(),
        mount: folder
            .clone()
            .map(|folder| (format!("source=${{localWorkspaceFolder}},target={folder},type=bind"), folder)),
        set_up: set_up(&bare.set_up),
        names_image: making.image.is_some(),
    };
    let mut notes: Vec<String> =
        bare.unmet.iter().map(|one| format!("not in the image: {}: {}", one.finding, one.why)).collect();
    let mut files = Vec::new();
    let own_dockerfile = match (theirs, existing) {
        (Some(theirs), Some(existing)) => theirs.own_dockerfile(&wanted.dockerfile, existing.dockerfile),
        _ => None,
    };
    let text = match existing {
        None => fresh(environment, target, &wanted, &user),
        Some(existing) => amended(&existing, &wanted, own_dockerfile.is_none(), &mut notes)?,
    };
    files.push(File { path: path.clone(), text });
    match own_dockerfile {
        Some(own) => notes.push(format!(
            "{path} builds of {own}, which is not trueup's and stays as it is; `trueup apply {}` brings what the image lacks",
            target.name
        )),
        None => files.push(File {
            path: dockerfile_path(&path),
            text: dockerfile(environment, target, &image, &user, &bare, folder.as_deref()),
        }),
    }
    Ok(Rendered { files, notes })
}

fn home_of(user: &str) -> String {
    if user == "root" { "/root".to_owned() } else { format!("/home/{user}") }
}

/// An image of what the reference is, as its version tells; Debian where it tells nothing that an image could be.
fn image_like(lock: &Lock) -> String {
    let version = lock.reference.os_version.as_deref().filter(|_| lock.reference.os.as_deref() == Some("linux"));
    let numbers: Option<Vec<u32>> =
        version.and_then(|version| version.split('.').map(|part| part.parse().ok()).collect());
    match numbers.as_deref() {
        Some([debian @ 10..=20]) => format!("debian:{debian}"),
        Some([year @ 18..=40, month @ (4 | 10)]) => format!("ubuntu:{year}.{month:02}"),
        Some([alpine @ 3, minor, ..]) => format!("alpine:{alpine}.{minor}"),
        _ => "debian:12".to_owned(),
    }
}

/// What sets the repository up, as one command line for sh in its folder.
fn set_up(runs: &[SetUpRun]) -> Option<String> {
    if runs.is_empty() {
        return None;
    }
    let run = |run: &SetUpRun| {
        let words = quote::words(run.arguments.iter().map(String::as_str));
        // The programs of the folder's own packages come first, as they do where its hooks run.
        let command = format!("PATH=\"$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH\" {words}");
        let folder = run.folder.as_str();
        if folder.is_empty() { command } else { format!("(cd {} && {command})", quote::word(folder)) }
    };
    Some(runs.iter().map(run).collect::<Vec<_>>().join(" && "))
}

fn fresh(environment: &Environment, target: &Target, wanted: &Wanted, user: &str) -> String {
    let mut context = Context::new();
    context.insert("environment", &environment.name);
    context.insert("target", &target.name);
    let json = |text: &str| Value::from(text).to_string();
    context.insert("name", &json(&wanted.name));
    context.insert("dockerfile", &json(&wanted.dockerfile));
    context.insert("user", &json(user));
    context.insert("mount", &wanted.mount.as_ref().map(|(mount, _)| json(mount)));
    context.insert("folder", &wanted.mount.as_ref().map(|(_, folder)| json(folder)));
    context.insert("set_up", &wanted.set_up.as_deref().map(json));
    let template = include_str!("../../../templates/devcontainer.json.tera");
    Tera::one_off(template, &context, false).expect("the template uses what it is given")
}

#[derive(Serialize)]
struct LayerText {
    title: &'static str,
    manager: String,
    /// Who runs it, where that is another than before.
    becomes: Option<String>,
    before: Option<String>,
    commands: Vec<CommandText>,
    after: Option<&'static str>,
}

#[derive(Serialize)]
struct CommandText {
    words: String,
    things: Vec<String>,
}

fn dockerfile(
    environment: &Environment,
    target: &Target,
    image: &str,
    user: &str,
    bare: &Bare,
    folder: Option<&str>,
) -> String {
    let mut current = "root".to_owned();
    let mut layers = Vec::new();
    for layer in &bare.layers {
        let runs_as = if layer.root { "root" } else { user };
        let becomes = (runs_as != current).then(|| runs_as.to_owned());
        runs_as.clone_into(&mut current);
        layers.push(layer_text(layer, becomes));
    }
    let folder_above = folder.and_then(|folder| folder.rsplit_once('/')).map(|(above, _)| quote::word(above));
    // A folder of the home is made by whose home it is.
    if let Some(above) = &folder_above {
        let becomes = (current != user).then(|| user.to_owned());
        user.clone_into(&mut current);
        let command = CommandText { words: format!("mkdir -p {above}"), things: Vec::new() };
        layers.push(LayerText {
            title: "The folder of the repository that is mounted",
            manager: String::new(),
            becomes,
            before: None,
            commands: vec![command],
            after: None,
        });
    }
    let mut context = Context::new();
    context.insert("environment", &environment.name);
    context.insert("target", &target.name);
    context.insert("image", image);
    context.insert("user", user);
    context.insert("layers", &layers);
    context.insert("ends_as", &(current != user).then_some(user));
    let template = include_str!("../../../templates/Dockerfile.tera");
    let text = Tera::one_off(template, &context, false).expect("the template uses what it is given");
    format!("{}\n", text.trim_end())
}

fn layer_text(layer: &Layer, becomes: Option<String>) -> LayerText {
    let words = |words: &[String]| quote::words(words.iter().map(String::as_str));
    let is_apt = layer.manager == "apt";
    let commands = layer.commands.iter().map(|(command, things)| CommandText {
        words: if is_apt { format!("DEBIAN_FRONTEND=noninteractive {}", words(command)) } else { words(command) },
        things: things.iter().map(|thing| quote::word(thing)).collect(),
    });
    LayerText {
        title: layer.title,
        manager: layer.manager.clone(),
        becomes,
        before: match layer.manager.as_str() {
            "npm" if !layer.root => Some(OWN_PREFIX.to_owned()),
            _ => (!layer.refresh.is_empty()).then(|| words(&layer.refresh)),
        },
        commands: commands.collect(),
        after: is_apt.then_some("rm -rf /var/lib/apt/lists/*"),
    }
}

/// What a configuration that is there says.
struct Configuration {
    image: Option<String>,
    user: Option<String>,
    /// The Dockerfile that it names.
    dockerfile: Option<String>,
}

impl Configuration {
    fn read(file: &str, text: &str) -> Result<Self, RenderError> {
        let unmended = |why: String| RenderError::Unmended { file: file.to_owned(), why };
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        let value = parsed.map_err(|error| unmended(error.to_string()))?.value.map_or(Value::Null, Value::from);
        if !value.is_object() {
            return Err(unmended("it holds no object, as a devcontainer.json does".to_owned()));
        }
        if value.get("dockerComposeFile").is_some() {
            let why = "it is made of a compose file, whose images trueup does not render; start it with the \
                       devcontainer CLI, and `trueup apply` brings the container true";
            return Err(unmended(why.to_owned()));
        }
        let text_at = |path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let user = text_at("/remoteUser").or_else(|| text_at("/containerUser"));
        if let Some(user) = user.as_deref().filter(|user| user.contains("${")) {
            return Err(unmended(format!("trueup does not support variables in remoteUser, which is {user}")));
        }
        let image = text_at("/image").or_else(|| text_at("/build/args/IMAGE"));
        if let Some(image) = image.as_deref().filter(|image| image.contains(char::is_control)) {
            return Err(RenderError::Control(image.escape_debug().to_string()));
        }
        let dockerfile = text_at("/build/dockerfile").or_else(|| text_at("/dockerFile"));
        Ok(Self { image, user, dockerfile })
    }

    /// The Dockerfile that somebody wrote for it, if it is made of one.
    fn own_dockerfile(&self, of_trueup: &str, at_that_place: Option<&str>) -> Option<String> {
        let named = self.dockerfile.as_deref();
        let is_of_trueup = at_that_place.is_none_or(|text| text.starts_with(MARK));
        match named {
            Some(named) if named.trim_start_matches("./") != of_trueup => Some(named.to_owned()),
            Some(named) if !is_of_trueup => Some(named.to_owned()),
            // A file of that name which nobody names is somebody's, too.
            None if !is_of_trueup => Some(of_trueup.to_owned()),
            _ => None,
        }
    }
}

/// The configuration with what trueup wants in it, and nothing else changed.
fn amended(
    existing: &Existing<'_>,
    wanted: &Wanted,
    builds: bool,
    notes: &mut Vec<String>,
) -> Result<String, RenderError> {
    let unmended = |why: String| RenderError::Unmended { file: existing.path.to_owned(), why };
    let root =
        CstRootNode::parse(existing.text, &ParseOptions::default()).map_err(|error| unmended(error.to_string()))?;
    let top = root.object_value().ok_or_else(|| unmended("it holds no object".to_owned()))?;
    let text = |text: &str| CstInputValue::String(text.to_owned());
    if builds {
        let image = of(&top, "image").and_then(|property| property.value()?.as_string_lit()?.decoded_value().ok());
        let build = match of(&top, "build") {
            Some(property) => property.object_value().ok_or_else(|| unmended("`build` is no object".to_owned()))?,
            None => {
                let new = CstInputValue::Object(Vec::new());
                // In the image's own place, so that the comment above it stays above.
                match of(&top, "image") {
                    Some(property) => drop(property.replace_with("build", new)),
                    None => drop(top.append("build", new)),
                }
                let build = of(&top, "build").and_then(|property| property.object_value());
                build.ok_or_else(|| unmended("`build` is no object".to_owned()))?
            }
        };
        if let Some(property) = of(&top, "image") {
            property.remove();
        }
        set(&build, "dockerfile", text(&wanted.dockerfile));
        if let Some(context) = wanted.context {
            set_if_absent(&build, "context", text(context));
        }
        let arguments = of(&build, "args").and_then(|property| property.object_value());
        match (image, arguments) {
            _ if wanted.names_image => {
                if let Some(property) = of(&build, "args").and_then(|args| of(&args.object_value()?, "IMAGE")) {
                    property.remove();
                }
            }
            (Some(image), Some(arguments)) => set(&arguments, "IMAGE", text(&image)),
            (Some(image), None) => {
                set(&build, "args", CstInputValue::Object(vec![("IMAGE".to_owned(), text(&image))]));
            }
            (None, _) => {}
        }
    }
    set_if_absent(&top, "name", text(&wanted.name));
    match &wanted.user {
        Some(user) => set(&top, "remoteUser", text(user)),
        None if of(&top, "containerUser").is_none() && builds => set_if_absent(&top, "remoteUser", text(USER)),
        None => {}
    }
    if let Some((mount, folder)) = &wanted.mount
        && of(&top, "workspaceMount").is_none()
        && of(&top, "workspaceFolder").is_none()
    {
        set(&top, "workspaceMount", text(mount));
        set(&top, "workspaceFolder", text(folder));
    }
    if let Some(set_up) = &wanted.set_up {
        match of(&top, "postCreateCommand") {
            None => {
                let command = CstInputValue::Object(vec![("trueup".to_owned(), text(set_up))]);
                set(&top, "postCreateCommand", command);
            }
            Some(property) => match property.object_value() {
                Some(commands) => set(&commands, "trueup", text(set_up)),
                None => notes.push(format!(
                    "{} has a postCreateCommand of its own, which stays; the repository is set up by: {set_up}",
                    existing.path
                )),
            },
        }
    }
    set(&top, "waitFor", text("postCreateCommand"));
    Ok(root.to_string())
}

/// The property that counts: of those that have the same name, the last.
fn of(table: &CstObject, name: &str) -> Option<CstObjectProp> {
    table.properties().into_iter().rfind(|one| one.decoded_name().as_deref() == Some(name))
}

/// What is so already keeps its spelling.
fn set(table: &CstObject, name: &str, value: CstInputValue) {
    match of(table, name) {
        Some(property) => {
            let is_so = match (&value, property.value().and_then(|value| value.as_string_lit()?.decoded_value().ok())) {
                (CstInputValue::String(wanted), Some(has)) => *wanted == has,
                _ => false,
            };
            if !is_so {
                property.set_value(value);
            }
        }
        None => drop(table.append(name, value)),
    }
}

fn set_if_absent(table: &CstObject, name: &str, value: CstInputValue) {
    if of(table, name).is_none() {
        drop(table.append(name, value));
    }
}

#[cfg(test)]
mod tests;
