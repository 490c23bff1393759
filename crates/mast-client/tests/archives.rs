//! A folder, the folder served, and the service give the same rows, and of them what the regions need.

#[path = "common/coma.rs"]
mod coma;
mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use astro_coords::Coverage;
use common::{Canned, client, hasty};
use mast_client::{
    Archive, Cancel, Cone, Criteria, DownloadOptions, Error, Https, LocalArchive, MastClient,
    Observation, PlanOptions, Query, Reason, Record, Replay, Server, Source, Spec, Status,
    Transport, plan, total_size,
};

fn specs() -> Vec<Spec> {
    ["HST-WFC3-UVIS-F336W", "HST-ACS-WFC-F475W", "HST-ACS-WFC-F814W"]
        .map(|text| text.parse().unwrap())
        .to_vec()
}

fn options() -> PlanOptions {
    PlanOptions { specs: specs(), ..PlanOptions::default() }
}

fn folder() -> (tempfile::TempDir, LocalArchive) {
    let folder = tempfile::tempdir().unwrap();
    coma::write(folder.path());
    let archive = coma::index(folder.path()).0;
    (folder, archive)
}

/// A server that runs until it is dropped.
struct Running {
    url: String,
    cancel: Cancel,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start(archive: LocalArchive) -> Self {
        let server = Server::bind(archive, "127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.address().unwrap());
        let cancel = Cancel::new();
        let stop = cancel.clone();
        let thread = Some(thread::spawn(move || server.run(&stop).unwrap()));
        Self { url, cancel, thread }
    }

    fn client(&self) -> MastClient {
        MastClient::new(Https::default(), hasty(&self.url))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn field() -> Cone {
    Cone::around(&coma::regions()).unwrap()
}

fn wide() -> Cone {
    Cone { radius: astro_coords::Angle::from_arcmin(12.0), ..field() }
}

#[test]
fn a_folder_is_indexed_once_and_then_only_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    coma::write(folder.path());
    let (archive, report) = coma::index(folder.path());
    assert_eq!((archive.len(), report.read, report.other, report.unchanged), (12, 14, 1, 0));
    assert_eq!(report.failed, [(folder.path().join("broken.fits"), "no END card".to_owned())]);
    let (again, report) = coma::index(folder.path());
    assert_eq!((again.len(), report.read, report.unchanged), (12, 1, 13));
    let opened = LocalArchive::open(folder.path()).unwrap();
    let all = |archive: &LocalArchive| archive.observations(wide()).unwrap().rows;
    assert_eq!(all(&opened), all(&archive));
    fs::remove_file(folder.path().join("hst_14182_16_wfc3_uvis_f336w_icwr16_drc.fits")).unwrap();
    fs::write(folder.path().join("sub/hst_14182_15_wfc3_uvis_f336w_icwr15_drc.fits"), "new")
        .unwrap();
    let (less, report) = coma::index(folder.path());
    assert_eq!((less.len(), report.read, report.removed), (11, 2, 1));
    assert!(matches!(LocalArchive::open(folder.path().join("sub")), Err(Error::Disk { .. })));
}

#[test]
fn a_folder_answers_as_the_archive_would() {
    let (folder, archive) = folder();
    assert_eq!(archive.observations(field()).unwrap().rows.len(), 3);
    let rows = archive.observations(wide()).unwrap().rows;
    assert_eq!(rows.len(), 12);
    let inside = rows.iter().filter(|row| row.distance.copied() == Some(0.0)).count();
    assert_eq!(inside, 3);
    let visible = Query {
        cone: Some(wide()),
        criteria: Criteria::new().any_of("filters", ["f814w"]).any_of("instrument_name", ["ACS*"]),
        columns: Vec::new(),
    };
    let rows = archive.observations(visible).unwrap().rows;
    assert_eq!(rows.len(), 4);
    let ids: Vec<_> = rows.iter().filter_map(|row| row.obsid.copied()).collect();
    let products = archive.products(&ids).rows;
    let manifest =
        archive.fetch(&products, Path::new("unused"), &DownloadOptions::default()).unwrap();
    for (row, product) in manifest.rows.iter().zip(&products) {
        assert_eq!((row.status, row.source), (Status::Cached, Source::Archive));
        assert!(row.path.as_ref().unwrap().starts_with(folder.path()));
        assert_eq!(Some(row.bytes), product.bytes());
    }
    let mut foreign = products[0].clone();
    foreign.data_uri = "file:../../etc/passwd".into();
    assert_eq!(archive.locate(&[foreign]).rows[0].status, Status::Failed);
    assert!(matches!(archive.observations(Query::default()), Err(Error::NothingAsked)));
}

#[test]
fn served_over_the_network_it_gives_the_same_rows_and_files() {
    let (folder, archive) = folder();
    let server = Running::start(LocalArchive::open(folder.path()).unwrap());
    let client = server.client();
    let criteria = Criteria::new()
        .any_of("project", ["HAP"])
        .any_of("provenance_name", ["hap-svm"])
        .any_of("filters", ["F336W", "F4*"])
        .between("t_min", 55_000.0, 55_006.5);
    for query in [
        Query::from(wide()),
        Query { cone: Some(wide()), criteria: criteria.clone(), columns: Vec::new() },
        Query::from(criteria),
    ] {
        let ours = strip(archive.observations(query.clone()).unwrap().rows);
        let theirs = client.observations(query.clone()).unwrap();
        assert_eq!(theirs.warnings, []);
        assert_eq!(strip(theirs.rows), ours);
        assert_eq!(client.count(query).unwrap(), ours.len() as u64);
    }
    let ids: Vec<_> = archive
        .observations(wide())
        .unwrap()
        .rows
        .iter()
        .filter_map(|row| row.obsid.copied())
        .collect();
    let products = archive.products(&ids).rows;
    assert_eq!(client.products(&ids).unwrap().rows, products);
    let target = tempfile::tempdir().unwrap();
    let manifest = client.download(&products, target.path(), &DownloadOptions::default()).unwrap();
    for (row, product) in manifest.rows.iter().zip(&products) {
        assert_eq!(row.status, Status::Complete, "{row:?}");
        let original = fs::read(archive.path(product.data_uri.text()).unwrap()).unwrap();
        assert!(fs::read(row.path.as_ref().unwrap()).unwrap() == original);
    }
    assert!(matches!(client.resolve("M 51"), Err(Error::UnknownName { .. })));
    let error = client.ask("Mast.Tic", serde_json::json!({})).unwrap_err().to_string();
    assert_eq!(error, "Mast.Tic failed: there is no service \"Mast.Tic\" here");
}

/// The service says null where the folder says nothing.
fn strip(rows: Vec<Observation>) -> Vec<serde_json::Value> {
    let json = |row: Observation| {
        let mut row = row.to_json();
        row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        row
    };
    rows.into_iter().map(json).collect()
}

#[test]
fn pages_of_any_size_give_the_same_table() {
    let (folder, _) = folder();
    let server = Running::start(LocalArchive::open(folder.path()).unwrap());
    let whole = server.client().observations(wide()).unwrap().rows;
    for page_size in [1, 5, 12, 13] {
        let options = mast_client::ClientOptions { page_size, ..hasty(&server.url) };
        let client = MastClient::new(Https::default(), options);
        assert_eq!(client.observations(wide()).unwrap().rows, whole, "{page_size}");
    }
}

#[test]
fn only_what_covers_a_region_is_fetched_at_the_cost_of_two_requests() {
    let (folder, archive) = folder();
    let server = Running::start(LocalArchive::open(folder.path()).unwrap());
    let recording = tempfile::tempdir().unwrap();
    let counting = Counting::new(Record::new(Https::default(), recording.path()).unwrap());
    let client = MastClient::new(&counting, hasty(&server.url));
    let plan = mast_client::plan(&client, &coma::regions(), &options()).unwrap();
    assert_eq!(counting.count(), 2);
    let names: Vec<_> = plan.images.iter().map(|image| image.observation.obs_id.text()).collect();
    assert_eq!(
        names,
        [
            "hst_14182_20_wfc3_uvis_f336w_icwr20",
            "hst_10861_02_acs_wfc_f475w_j9ty02",
            "hst_10861_02_acs_wfc_f814w_j9ty02",
        ]
    );
    for image in &plan.images {
        assert_eq!(image.regions, (0..7).map(|region| (region, Coverage::Yes)).collect::<Vec<_>>());
    }
    assert_eq!((plan.uncovered.len(), plan.warnings.len()), (0, 0));
    let fetched: u64 = total_size(&plan.products()).0;
    let cone = archive.observations(wide()).unwrap().rows;
    let ids: Vec<_> = cone.iter().filter_map(|row| row.obsid.copied()).collect();
    let all = total_size(&archive.products(&ids).rows).0;
    assert!(fetched * 10 <= all * 3, "{fetched} of {all}");
    // The folder itself plans the same, and so does the recording, without a server.
    let local = mast_client::plan(&archive, &coma::regions(), &options()).unwrap();
    assert_eq!(local.products(), plan.products());
    let url = server.url.clone();
    drop(server);
    let replay = MastClient::new(Replay::open(recording.path()).unwrap(), hasty(&url));
    assert_eq!(mast_client::plan(&replay, &coma::regions(), &options()).unwrap(), plan);
}

struct Counting<T> {
    inner: T,
    requests: std::sync::atomic::AtomicUsize,
}

impl<T> Counting<T> {
    fn new(inner: T) -> Self {
        Self { inner, requests: Default::default() }
    }

    fn count(&self) -> usize {
        self.requests.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl<T: Transport> Transport for Counting<T> {
    fn send(&self, request: &mast_client::Request) -> mast_client::Result<mast_client::Response> {
        self.requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.inner.send(request)
    }
}

#[test]
fn the_archives_own_answers_are_planned() {
    let file = |name: &str| testkit::shared(&format!("data/mast/{name}"));
    let (Some(rows), Some(products)) =
        (file("SYNTHETIC_caom_cone_hap_seed.json"), file("SYNTHETIC_caom_products_hap_seed.json"))
    else {
        return;
    };
    let canned = Canned::in_turn([fs::read(rows).unwrap(), fs::read(products).unwrap()]);
    let client = client(&canned);
    let regions = [Cone { center: field().center, radius: astro_coords::Angle::from_arcsec(3.0) }];
    let plan = plan(&client, &regions, &options()).unwrap();
    assert_eq!(canned.count(), 2);
    let names: Vec<_> =
        plan.images.iter().map(|image| image.product.product_filename.text()).collect();
    assert_eq!(
        names,
        [
            "hst_14182_20_wfc3_uvis_f336w_icwr20_drc.fits",
            "hst_10861_02_acs_wfc_f475w_j9ty02_drc.fits",
            "hst_10861_02_acs_wfc_f814w_j9ty02_drc.fits",
        ]
    );
}

#[test]
fn regions_without_images_and_images_without_regions_are_told() {
    let (_folder, archive) = folder();
    let mut regions = coma::regions();
    regions.push(Cone { center: "10 10".parse().unwrap(), ..regions[0] });
    let plan = plan(&archive, &regions, &options()).unwrap();
    assert_eq!(plan.cones.len(), 2, "one request a place");
    assert_eq!(plan.images.len(), 3);
    assert_eq!(plan.images_of(7).count(), 0);
    assert_eq!(plan.uncovered, specs().into_iter().map(|spec| (spec, 7)).collect::<Vec<_>>());
    let nothing = mast_client::plan(&archive, &[] as &[Cone], &options()).unwrap();
    assert_eq!((nothing.images.len(), nothing.cones.len()), (0, 0));
}

/// An archive of rows as they are.
struct Rows(Vec<Observation>);

impl Archive for Rows {
    fn find(&self, _: &Query) -> mast_client::Result<mast_client::Answer<Observation>> {
        Ok(mast_client::Answer { rows: self.0.clone(), ..Default::default() })
    }

    fn list(
        &self,
        of: &[mast_client::ProductGroupId],
    ) -> mast_client::Result<mast_client::Answer<mast_client::Product>> {
        let product = |(id, kind): (mast_client::ProductGroupId, &str)| mast_client::Product {
            obsid: id.into(),
            product_filename: format!("{id}_{kind}.fits").as_str().into(),
            data_uri: format!("mast:{id}_{kind}.fits").as_str().into(),
            product_sub_group_description: kind.into(),
            ..Default::default()
        };
        let kinds = |id| [(id, "DRZ"), (id, "FLC"), (id, "DRC")];
        let rows = of.iter().flat_map(|id| kinds(*id)).map(product).collect();
        Ok(mast_client::Answer { rows, ..Default::default() })
    }

    fn fetch(
        &self,
        _: &[mast_client::Product],
        _: &Path,
        _: &DownloadOptions,
    ) -> mast_client::Result<mast_client::Manifest> {
        Ok(mast_client::Manifest::default())
    }
}

fn row(id: i64, name: &str, time: (f64, f64), edge: f64) -> Observation {
    Observation {
        obsid: mast_client::ProductGroupId(id).into(),
        obs_id: name.into(),
        obs_collection: "HST".into(),
        instrument_name: "ACS/WFC".into(),
        filters: "F814W".into(),
        t_min: time.0.into(),
        t_max: time.1.into(),
        s_region: format!("POLYGON 9.9 -0.1 9.9 0.1 {edge} 0.1 {edge} -0.1").as_str().into(),
        ..Observation::default()
    }
}

fn planned(rows: Vec<Observation>, options: PlanOptions) -> (Vec<String>, Vec<(String, String)>) {
    let region =
        Cone { center: "10 0".parse().unwrap(), radius: astro_coords::Angle::from_arcsec(10.0) };
    let plan = plan(&Rows(rows), &[region], &options).unwrap();
    let names = plan.images.iter().map(|image| {
        assert!(image.product.product_filename.text().ends_with("_DRC.fits"));
        image.observation.obs_id.text().to_owned()
    });
    let names = names.collect();
    let left_out = plan.left_out.iter().map(|out| (out.obs_id.clone(), out.reason.to_string()));
    (names, left_out.collect())
}

#[test]
fn the_same_exposures_are_fetched_once() {
    let (names, left_out) = planned(
        vec![
            row(1, "hst_14182_16_acs_wfc_f814w_jcwr16", (10.0, 11.0), 10.1),
            row(2, "jcwr16010", (10.0, 10.4), 10.1),
            row(3, "jcwr16lfq", (10.1, 10.2), 10.1),
            row(4, "hst_skycell-p2081x08y05_acs_wfc_f814w_all", (5.0, 20.0), 10.1),
            row(5, "jcwr17010", (12.0, 12.4), 10.1),
        ],
        PlanOptions::default(),
    );
    assert_eq!(names, ["hst_14182_16_acs_wfc_f814w_jcwr16", "jcwr17010"]);
    let reason = "its exposures are in hst_14182_16_acs_wfc_f814w_jcwr16";
    assert_eq!(left_out.len(), 3);
    assert!(left_out.iter().all(|(_, why)| why == reason), "{left_out:?}");
}

#[test]
fn a_region_has_one_sky_cell() {
    let cell = |id, name: &str, edge| {
        row(id, &format!("hst_skycell-{name}_acs_wfc_f814w_all"), (5.0, 9.0), edge)
    };
    let (names, left_out) = planned(
        vec![
            cell(1, "p2081x08y05", 10.0),
            cell(2, "p2081x09y05", 10.1),
            cell(3, "p2081x08y06", 10.1),
        ],
        PlanOptions::default(),
    );
    assert_eq!(names, ["hst_skycell-p2081x08y06_acs_wfc_f814w_all"]);
    assert_eq!(left_out.len(), 2);
    assert!(left_out.iter().all(|(_, why)| *why == Reason::NotNeeded.to_string()));
}

#[test]
fn parts_of_regions_count_where_nothing_better_is_there() {
    use mast_client::Partial;
    let rows =
        || vec![row(1, "jaaa01010", (1.0, 2.0), 10.0), row(2, "jbbb01010", (3.0, 4.0), 10.1)];
    let with = |rows, partial| planned(rows, PlanOptions { partial, ..PlanOptions::default() }).0;
    assert_eq!(with(rows(), Partial::WhereNoneIsWhole), ["jbbb01010"]);
    assert_eq!(with(rows(), Partial::Always), ["jaaa01010", "jbbb01010"]);
    let part = || rows()[..1].to_vec();
    assert_eq!(with(part(), Partial::WhereNoneIsWhole), ["jaaa01010"]);
    assert_eq!(with(part(), Partial::Never), [""; 0]);
}

#[test]
fn footprints_that_cannot_be_used_are_told() {
    let mut cut = row(1, "cut", (1.0, 2.0), 10.1);
    cut.s_region = "POLYGON 9.9 -0.1 ...".into();
    let (names, left_out) =
        planned(vec![cut, row(2, "jbbb01010", (1.0, 2.0), 10.1)], PlanOptions::default());
    assert_eq!(names, ["jbbb01010"]);
    assert_eq!(
        left_out,
        [("cut".to_owned(), "the footprint is cut short: it ends in ...".to_owned())]
    );
}

#[test]
fn recordings_hold_no_secret_and_name_what_they_lack() {
    let (folder, _) = folder();
    let server = Running::start(LocalArchive::open(folder.path()).unwrap());
    let recording = tempfile::tempdir().unwrap();
    let options = mast_client::ClientOptions {
        token: Some(mast_client::Token::new("very-secret")),
        cache_breaker: Some("cachebreaker".to_owned()),
        ..hasty(&server.url)
    };
    let record = Record::new(Https::default(), recording.path()).unwrap();
    let client = MastClient::new(record, options.clone());
    let rows = client.observations(wide()).unwrap();
    let replay = MastClient::new(Replay::open(recording.path()).unwrap(), options);
    assert_eq!(replay.observations(wide()).unwrap(), rows);
    let missing = replay.observations(field()).unwrap_err().to_string();
    assert!(
        missing.starts_with("not recorded: POST http") && missing.contains("the nearest is POST")
    );
    for place in ["exchanges", "bodies"] {
        for entry in fs::read_dir(recording.path().join(place)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.contains("very-secret"));
        }
    }
}

#[test]
fn the_server_survives_what_is_no_request() {
    let (folder, _) = folder();
    let server = Running::start(LocalArchive::open(folder.path()).unwrap());
    let address = server.url.trim_start_matches("http://");
    let say = |text: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(text).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(say(b"rubbish\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    assert_eq!(say(b"\xff\xfe\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    assert_eq!(say(&[b'x'; 100_000]), "HTTP/1.1 400 Bad Request");
    assert_eq!(say(b"POST / HTTP/1.1\r\ncontent-length: 99\r\n\r\nx"), "HTTP/1.1 400 Bad Request");
    assert_eq!(say(b"DELETE / HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(say(b"GET /etc/passwd HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 Not Found");
    let file = "/api/v0.1/Download/file?uri=";
    for uri in ["file:../../etc/passwd", "/etc/passwd", "file:.mast/archive.jsonl", "%00", ""] {
        let asked = format!("GET {file}{uri} HTTP/1.0\r\n\r\n");
        assert_eq!(say(asked.as_bytes()), "HTTP/1.1 404 Not Found", "{uri}");
    }
    let bad = "POST /api/v0/invoke HTTP/1.0\r\ncontent-length: 12\r\n\r\nrequest=%7bx";
    assert_eq!(say(bad.as_bytes()), "HTTP/1.1 200 OK");
    assert_eq!(server.client().observations(wide()).unwrap().rows.len(), 12);
}
