//! The apps of the one who builds on WeChat: made on the first start, kept afterwards.

use std::path::Path;

use partners::{
    wechat_log_in::{App, Apps},
    wechat_pay::signing::new_nonce,
};

use crate::secret_file::write_secret;

/// What the server reads.
const FILE: &str = "apps.json";

/// Reads the apps in this folder or makes them; the addresses are those of this process now.
pub fn open(data: &Path, api_url: &str, open_url: &str) -> anyhow::Result<Apps> {
    let path = data.join(FILE);
    let kept = if path.exists() { Apps::from_file(&path)? } else { make() };
    let apps = Apps { api_url: api_url.to_owned(), open_url: open_url.to_owned(), ..kept };
    write_secret(&path, &serde_json::to_vec_pretty(&apps)?)?;
    Ok(apps)
}

fn make() -> Apps {
    // The ids are the same in every sandbox, so that everybody's open ids are too.
    let app = |app_id: &str| Some(App { app_id: app_id.to_owned(), secret: new_nonce().to_lowercase() });
    Apps {
        api_url: String::new(),
        open_url: String::new(),
        mini_program: app("wx5a9db00000000001"),
        official_account: app("wx5a9db00000000002"),
        website: app("wx5a9db00000000003"),
        sample: true,
    }
}
