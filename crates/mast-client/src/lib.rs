#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod archive;
mod cell;
mod client;
mod coverage;
mod criteria;
mod disk;
mod download;
mod error;
mod filter;
mod hash;
mod limits;
mod local;
mod mashup;
mod observation;
mod patience;
mod plan;
mod product;
mod query;
mod ranges;
mod row;
mod serve;
mod table;
mod transport;

pub use answer::Answer;
pub use archive::Archive;
pub use cell::{Cell, Field, Kind};
pub use client::{ClientOptions, MAST, MastClient};
pub use coverage::{CoverageMatrix, Held, covering, polygon_text};
pub use criteria::Criteria;
pub use download::{
    CachePolicy, Collisions, DownloadOptions, Event, FileCheck, Manifest, ManifestRow, Progress,
    Sizes, Source, Status, local_name, total_size,
};
pub use error::{Cause, Error, Result};
pub use filter::{Filter, Syntax};
pub use limits::{Cancel, Limits};
pub use local::{IndexOptions, IndexReport, LocalArchive, ReadImage};
pub use mashup::MashupRequest;
pub use observation::{Observation, ProductGroupId};
pub use patience::Retries;
pub use plan::{
    LeftOut, Partial, Plan, PlanOptions, PlannedImage, Project, Reason, Spec, plan, same_exposures,
};
pub use product::{Product, unique_files};
pub use query::{Cone, Query};
pub use ranges::{Prefer, RangeCache, RangeOptions, RangeSource, Ranges, Traffic};
pub use row::{Column, Row, Warning};
pub use serve::Server;
pub use table::{AnyRow, read_table};
pub use transport::{
    Body, Encoding, Headers, Https, HttpsOptions, Method, Record, Replay, Request, Response, Token,
    Transport,
};
