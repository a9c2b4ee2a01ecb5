//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 38] = [
    File {
        name: "AgentHead-DJyIkrxd.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-DJyIkrxd.js"),
    },
    File {
        name: "AgentRoom-BTs4Fadw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-BTs4Fadw.js"),
    },
    File {
        name: "AgentsRoom-BzXekHv-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-BzXekHv-.js"),
    },
    File {
        name: "BudgetsRoom-Bv_0EfvD.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-Bv_0EfvD.js"),
    },
    File {
        name: "DesignerRoom-B7g5UUmY.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-B7g5UUmY.js"),
    },
    File {
        name: "DesignerRoom-CYE2wwrO.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-CYE2wwrO.css"),
    },
    File {
        name: "ExecutionRoom-CxeuLOop.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-CxeuLOop.js"),
    },
    File {
        name: "ExecutionsRoom-CnxOztat.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-CnxOztat.js"),
    },
    File {
        name: "InboxRoom-4qNjWxTi.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-4qNjWxTi.js"),
    },
    File {
        name: "OperateRoom-D6-Lnbqa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-D6-Lnbqa.js"),
    },
    File {
        name: "RevisionsRoom-DJxmy9Vw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-DJxmy9Vw.js"),
    },
    File {
        name: "RoomHead-DXUFYZcV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-DXUFYZcV.js"),
    },
    File {
        name: "Table-38Rzb5ZK.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-38Rzb5ZK.js"),
    },
    File {
        name: "Tabs-CrksQmUm.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-CrksQmUm.js"),
    },
    File {
        name: "YamlEditor-DTXBZLCh.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-DTXBZLCh.js"),
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
        name: "inbox-BpA80Pe4.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-BpA80Pe4.js"),
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
        name: "index-B3kpvu7b.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-B3kpvu7b.js"),
    },
    File {
        name: "index-BQvbXQDa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BQvbXQDa.js"),
    },
    File {
        name: "index-BWEzIG68.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BWEzIG68.js"),
    },
    File {
        name: "index-CSalGqzw.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-CSalGqzw.css"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-Rm363fVX.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-Rm363fVX.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-BgHhgMlf.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-BgHhgMlf.js"),
    },
    File {
        name: "operate-TLpZnmby.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-TLpZnmby.css"),
    },
    File {
        name: "pages-EpuR8o7e.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-EpuR8o7e.js"),
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
