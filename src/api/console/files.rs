//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 38] = [
    File {
        name: "AgentHead-DDyal0q2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-DDyal0q2.js"),
    },
    File {
        name: "AgentRoom-uXeWXcLw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-uXeWXcLw.js"),
    },
    File {
        name: "AgentsRoom-Dym66ts_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-Dym66ts_.js"),
    },
    File {
        name: "BudgetsRoom-XWb2sVWp.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-XWb2sVWp.js"),
    },
    File {
        name: "DesignerRoom-CYE2wwrO.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-CYE2wwrO.css"),
    },
    File {
        name: "DesignerRoom-p6tq2oIN.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-p6tq2oIN.js"),
    },
    File {
        name: "ExecutionRoom-CGz0inEV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-CGz0inEV.js"),
    },
    File {
        name: "ExecutionsRoom-Do9Lpqy-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-Do9Lpqy-.js"),
    },
    File {
        name: "InboxRoom-DiyPjN1S.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-DiyPjN1S.js"),
    },
    File {
        name: "OperateRoom-DqUplT8N.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-DqUplT8N.js"),
    },
    File {
        name: "RevisionsRoom-BXwdir2f.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-BXwdir2f.js"),
    },
    File {
        name: "RoomHead-lgjHBco1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-lgjHBco1.js"),
    },
    File {
        name: "Table-CJrJyR9I.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-CJrJyR9I.js"),
    },
    File {
        name: "Tabs-B8JmZ8bE.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-B8JmZ8bE.js"),
    },
    File {
        name: "YamlEditor-BUOfoKPK.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-BUOfoKPK.js"),
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
        name: "inbox-CmzK4HSX.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-CmzK4HSX.css"),
    },
    File {
        name: "inbox-DPeog4J0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-DPeog4J0.js"),
    },
    File {
        name: "incident-responder-BBtUoJp6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/incident-responder-BBtUoJp6.js"),
    },
    File {
        name: "index-BlXc5bKg.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BlXc5bKg.js"),
    },
    File {
        name: "index-C9vuPjVF.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-C9vuPjVF.js"),
    },
    File {
        name: "index-D5eASH6O.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-D5eASH6O.js"),
    },
    File {
        name: "index-DrIPEUVX.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DrIPEUVX.css"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-rY-QGId1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-rY-QGId1.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-DgGjFRtp.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-DgGjFRtp.js"),
    },
    File {
        name: "operate-TLpZnmby.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-TLpZnmby.css"),
    },
    File {
        name: "pages-_fsz-Ah0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-_fsz-Ah0.js"),
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
