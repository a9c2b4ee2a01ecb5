//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 54] = [
    File {
        name: "AgentHead-CDj_EqGD.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-CDj_EqGD.js"),
    },
    File {
        name: "AgentRoom-P2IzUGgW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-P2IzUGgW.js"),
    },
    File {
        name: "AgentsRoom-fCdnLt6q.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-fCdnLt6q.js"),
    },
    File {
        name: "BudgetsRoom-B2VCmRPA.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-B2VCmRPA.js"),
    },
    File {
        name: "BulkCancel-CuJfOvbD.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BulkCancel-CuJfOvbD.js"),
    },
    File {
        name: "CompareRoom-D2yDr6Yv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-D2yDr6Yv.js"),
    },
    File {
        name: "DesignerRoom-d_s2Z1n3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-d_s2Z1n3.js"),
    },
    File {
        name: "Dialogs-B7yxSVbx.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Dialogs-B7yxSVbx.js"),
    },
    File {
        name: "ExecutionRoom-Czh6jBb8.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-Czh6jBb8.js"),
    },
    File {
        name: "ExecutionsRoom-Bz_DxRCV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-Bz_DxRCV.js"),
    },
    File {
        name: "Graph-CGO2wK4c.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Graph-CGO2wK4c.js"),
    },
    File {
        name: "InboxRoom-Dyl68SE6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-Dyl68SE6.js"),
    },
    File {
        name: "OperateRoom-23IHX5PC.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-23IHX5PC.js"),
    },
    File {
        name: "ReleaseRoom-NJDPrEar.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-NJDPrEar.js"),
    },
    File {
        name: "Retention-DDjrpdTc.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Retention-DDjrpdTc.js"),
    },
    File {
        name: "RevisionsRoom-Bm3tcfk1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-Bm3tcfk1.js"),
    },
    File {
        name: "RoomHead-C5SzQx0M.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-C5SzQx0M.js"),
    },
    File {
        name: "Table-BM7E9RAd.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-BM7E9RAd.js"),
    },
    File {
        name: "Tabs-7KoZHx21.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-7KoZHx21.js"),
    },
    File {
        name: "TriggersRoom-C21oLn6Z.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-C21oLn6Z.css"),
    },
    File {
        name: "TriggersRoom-Cnu0qv3M.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-Cnu0qv3M.js"),
    },
    File {
        name: "ValueForm-zcgGVIV9.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ValueForm-zcgGVIV9.js"),
    },
    File {
        name: "YamlEditor-Bdyx4yuZ.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-Bdyx4yuZ.js"),
    },
    File {
        name: "agents-BCZg006m.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-BCZg006m.css"),
    },
    File {
        name: "company-profile-DUQZDcMz.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/company-profile-DUQZDcMz.js"),
    },
    File {
        name: "content-pipeline-Bzrw75T0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/content-pipeline-Bzrw75T0.js"),
    },
    File {
        name: "contract-review-DnA_3jJs.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/contract-review-DnA_3jJs.js"),
    },
    File {
        name: "designer-BDR6ODjc.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-BDR6ODjc.js"),
    },
    File {
        name: "designer-CPyw7aTk.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-CPyw7aTk.css"),
    },
    File {
        name: "events-CBDxg7HL.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/events-CBDxg7HL.js"),
    },
    File {
        name: "execution-DPjTgXwj.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/execution-DPjTgXwj.css"),
    },
    File {
        name: "flow-DOsdeeqv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-DOsdeeqv.js"),
    },
    File {
        name: "flow-DyH_AvRM.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-DyH_AvRM.js"),
    },
    File {
        name: "inbox-B3lx0I54.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-B3lx0I54.js"),
    },
    File {
        name: "inbox-CmzK4HSX.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-CmzK4HSX.css"),
    },
    File {
        name: "incident-responder-BBtUoJp6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/incident-responder-BBtUoJp6.js"),
    },
    File {
        name: "index-8HDbOM-S.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-8HDbOM-S.css"),
    },
    File {
        name: "index-CjfUaAYW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-CjfUaAYW.js"),
    },
    File {
        name: "index-DA2fLNt2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DA2fLNt2.js"),
    },
    File {
        name: "index-W6t0nW-C.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-W6t0nW-C.js"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-DvM-AJwW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-DvM-AJwW.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-C1Js89I-.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-C1Js89I-.css"),
    },
    File {
        name: "operate-W05Lfk5l.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-W05Lfk5l.js"),
    },
    File {
        name: "pages-CKlePV-H.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-CKlePV-H.js"),
    },
    File {
        name: "product-description-DqoEc6Y2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/product-description-DqoEc6Y2.js"),
    },
    File {
        name: "refund-review-BlaemnZT.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/refund-review-BlaemnZT.js"),
    },
    File {
        name: "release-D6CNd_oH.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-D6CNd_oH.js"),
    },
    File {
        name: "release-cVtJijMQ.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-cVtJijMQ.css"),
    },
    File {
        name: "release-notes-SxXsGvtn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-notes-SxXsGvtn.js"),
    },
    File {
        name: "support-triage-DkDYEX3Y.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/support-triage-DkDYEX3Y.js"),
    },
    File {
        name: "trip-booking-Dd_39SFC.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/trip-booking-Dd_39SFC.js"),
    },
    File {
        name: "values-DlwHnwDV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/values-DlwHnwDV.js"),
    },
];
