//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 54] = [
    File {
        name: "AgentHead-CPpe3Xrw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-CPpe3Xrw.js"),
    },
    File {
        name: "AgentRoom-DWJv6tUs.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-DWJv6tUs.js"),
    },
    File {
        name: "AgentsRoom-Czr_Pj-O.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-Czr_Pj-O.js"),
    },
    File {
        name: "BudgetsRoom-BmMRwjtX.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-BmMRwjtX.js"),
    },
    File {
        name: "BulkCancel-CTdxoVLt.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BulkCancel-CTdxoVLt.js"),
    },
    File {
        name: "CompareRoom-BxdXXJ14.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-BxdXXJ14.js"),
    },
    File {
        name: "DesignerRoom-DQPuUsqG.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-DQPuUsqG.js"),
    },
    File {
        name: "Dialogs-CBrRmq9S.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Dialogs-CBrRmq9S.js"),
    },
    File {
        name: "ExecutionRoom-CNrtfxGr.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-CNrtfxGr.js"),
    },
    File {
        name: "ExecutionsRoom-Dw7nFwMV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-Dw7nFwMV.js"),
    },
    File {
        name: "Graph-DITJ6Tm2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Graph-DITJ6Tm2.js"),
    },
    File {
        name: "InboxRoom-CfE_YAD4.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-CfE_YAD4.js"),
    },
    File {
        name: "OperateRoom-DybLFdAR.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-DybLFdAR.js"),
    },
    File {
        name: "ReleaseRoom-DLj_VzJY.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-DLj_VzJY.js"),
    },
    File {
        name: "Retention-DrcaReXW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Retention-DrcaReXW.js"),
    },
    File {
        name: "RevisionsRoom-DlZJ-Oq_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-DlZJ-Oq_.js"),
    },
    File {
        name: "RoomHead-fmoz0Lyh.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-fmoz0Lyh.js"),
    },
    File {
        name: "SlowSteps-WhYrPqqb.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/SlowSteps-WhYrPqqb.js"),
    },
    File {
        name: "Table-Bk0WHJF9.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-Bk0WHJF9.js"),
    },
    File {
        name: "Tabs-C1mirCA9.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-C1mirCA9.js"),
    },
    File {
        name: "TriggersRoom-C21oLn6Z.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-C21oLn6Z.css"),
    },
    File {
        name: "TriggersRoom-vEQ3nJbq.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-vEQ3nJbq.js"),
    },
    File {
        name: "ValueForm-PjlmYxOA.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ValueForm-PjlmYxOA.js"),
    },
    File {
        name: "YamlEditor-DG0rbhxk.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-DG0rbhxk.js"),
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
        name: "designer-ButDNFCJ.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-ButDNFCJ.js"),
    },
    File {
        name: "designer-CPyw7aTk.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-CPyw7aTk.css"),
    },
    File {
        name: "execution-DPjTgXwj.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/execution-DPjTgXwj.css"),
    },
    File {
        name: "flow-BIAcJBDn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-BIAcJBDn.js"),
    },
    File {
        name: "flow-DOsdeeqv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-DOsdeeqv.js"),
    },
    File {
        name: "inbox-CKyNE4y9.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-CKyNE4y9.js"),
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
        name: "index-AF9sk6Y_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-AF9sk6Y_.js"),
    },
    File {
        name: "index-DlgsUj9J.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DlgsUj9J.js"),
    },
    File {
        name: "index-VHmCfma-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-VHmCfma-.js"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-Dxtli1WW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-Dxtli1WW.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-CL207weg.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-CL207weg.css"),
    },
    File {
        name: "pages-dVK9mA37.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-dVK9mA37.js"),
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
        name: "release-Bp8k_7Pm.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-Bp8k_7Pm.js"),
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
        name: "shared-Bi4Ueof5.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/shared-Bi4Ueof5.js"),
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
