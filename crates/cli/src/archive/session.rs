//! How the archive is reached: over the network, over the network with a recording, or out of a recording alone.

use std::path::PathBuf;
use std::time::Duration;

use mast_client::{
    ClientOptions, Https, MAST, MastClient, Record, Replay, Retries, Token, Transport,
};

use super::chained;
use crate::console::Console;

/// A client of the service or of one like it, however it is reached.
pub(super) type Client = MastClient<Box<dyn Transport>>;

/// Options of every command that asks a server: the way to use one lesson's answers again.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Session {
    /// Keep all that the server answers in this folder, files included, for --replay; nothing is taken from the cache
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Answer from a folder that --record made, without network
    #[arg(long, value_name = "DIR")]
    replay: Option<PathBuf>,
}

impl Session {
    /// Whether the answers are kept: then every file has to come whole, and from the server.
    pub(crate) fn is_recording(&self) -> bool {
        self.record.is_some()
    }

    /// Whether one of the options was given.
    pub(crate) fn is_used(&self) -> bool {
        self.record.is_some() || self.replay.is_some()
    }

    /// The service at `url` or one like it. From now on Ctrl-C leaves what was begun in order.
    pub(super) fn client(&self, url: &str, console: &Console) -> anyhow::Result<Client> {
        let polite = ClientOptions {
            base_url: url.to_owned(),
            token: Token::from_env(),
            cancel: console.interruptible(),
            ..Default::default()
        };
        let is_own = url != MAST || self.replay.is_some();
        let options = if is_own { unreserved(polite) } else { polite };
        let transport: Box<dyn Transport> = match (&self.record, &self.replay) {
            (Some(folder), _) => Box::new(Record::new(Https::default(), folder).map_err(chained)?),
            (None, Some(folder)) => Box::new(Replay::open(folder).map_err(chained)?),
            (None, None) => Box::new(Https::default()),
        };
        Ok(MastClient::new(transport, options))
    }
}

/// A server of one's own need not be spared, and whether it runs is soon known.
fn unreserved(polite: ClientOptions) -> ClientOptions {
    let retries = Retries { base: Duration::from_millis(200), ..polite.retries };
    ClientOptions { requests_per_second: 100.0, retries, ..polite }
}
