//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 38] = [
    File {
        name: "AgentHead-BGBo5xIB.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-BGBo5xIB.js"),
    },
    File {
        name: "AgentRoom-D-L9hvGG.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-D-L9hvGG.js"),
    },
    File {
        name: "AgentsRoom-CBLIU1HB.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-CBLIU1HB.js"),
    },
    File {
        name: "BudgetsRoom-C6mpjcC_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-C6mpjcC_.js"),
    },
    File {
        name: "DesignerRoom-CYE2wwrO.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-CYE2wwrO.css"),
    },
    File {
        name: "DesignerRoom-DGLYer20.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-DGLYer20.js"),
    },
    File {
        name: "ExecutionRoom-pSrvjWdb.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-pSrvjWdb.js"),
    },
    File {
        name: "ExecutionsRoom-DLKTVz1Q.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-DLKTVz1Q.js"),
    },
    File {
        name: "InboxRoom-PjvVUr50.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-PjvVUr50.js"),
    },
    File {
        name: "OperateRoom-qCDno1MO.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-qCDno1MO.js"),
    },
    File {
        name: "RevisionsRoom-jdyCzmwR.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-jdyCzmwR.js"),
    },
    File {
        name: "RoomHead-BEc-mFQg.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-BEc-mFQg.js"),
    },
    File {
        name: "Table-KoWzYP3b.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-KoWzYP3b.js"),
    },
    File {
        name: "Tabs-Cf1cIUaM.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-Cf1cIUaM.js"),
    },
    File {
        name: "YamlEditor-eOaG04S1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-eOaG04S1.js"),
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
        name: "execution-DbXIOE8a.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/execution-DbXIOE8a.css"),
    },
    File {
        name: "inbox-B7MLY7tb.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-B7MLY7tb.js"),
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
        name: "index-AaJtBBD0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-AaJtBBD0.js"),
    },
    File {
        name: "index-CSalGqzw.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-CSalGqzw.css"),
    },
    File {
        name: "index-DlrcNhtb.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DlrcNhtb.js"),
    },
    File {
        name: "index-as2vCpl0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-as2vCpl0.js"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-p71PNQVa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-p71PNQVa.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-B_4VhNGa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-B_4VhNGa.js"),
    },
    File {
        name: "operate-TLpZnmby.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-TLpZnmby.css"),
    },
    File {
        name: "pages-B7haGr8T.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-B7haGr8T.js"),
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
];
