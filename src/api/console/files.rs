//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 54] = [
    File {
        name: "AgentHead-LNBKSm3U.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-LNBKSm3U.js"),
    },
    File {
        name: "AgentRoom-DlAh9Yec.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-DlAh9Yec.js"),
    },
    File {
        name: "AgentsRoom-D4rRf90Z.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-D4rRf90Z.js"),
    },
    File {
        name: "BudgetsRoom-FSvIQjya.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-FSvIQjya.js"),
    },
    File {
        name: "BulkCancel-Dv9muFrF.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BulkCancel-Dv9muFrF.js"),
    },
    File {
        name: "CompareRoom-CuRuKah3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-CuRuKah3.js"),
    },
    File {
        name: "DesignerRoom-CjmcDGS_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-CjmcDGS_.js"),
    },
    File {
        name: "Dialogs-D2picvGM.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Dialogs-D2picvGM.js"),
    },
    File {
        name: "ExecutionRoom-DRJt6oct.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-DRJt6oct.js"),
    },
    File {
        name: "ExecutionsRoom-BXqvONX0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-BXqvONX0.js"),
    },
    File {
        name: "Graph-DPFjKUx6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Graph-DPFjKUx6.js"),
    },
    File {
        name: "InboxRoom-Bb0ryS2_.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-Bb0ryS2_.js"),
    },
    File {
        name: "OperateRoom-wwPTO-k3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-wwPTO-k3.js"),
    },
    File {
        name: "ReleaseRoom-Ljy8zx7a.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-Ljy8zx7a.js"),
    },
    File {
        name: "Retention-DBvhS52m.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Retention-DBvhS52m.js"),
    },
    File {
        name: "RevisionsRoom-wp5ejUpH.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-wp5ejUpH.js"),
    },
    File {
        name: "RoomHead-DlOZ2Rbd.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-DlOZ2Rbd.js"),
    },
    File {
        name: "SlowSteps-C-BRnQhX.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/SlowSteps-C-BRnQhX.js"),
    },
    File {
        name: "Table-BzAMvc5a.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-BzAMvc5a.js"),
    },
    File {
        name: "Tabs-BJdKTHyA.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-BJdKTHyA.js"),
    },
    File {
        name: "TriggersRoom-C21oLn6Z.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-C21oLn6Z.css"),
    },
    File {
        name: "TriggersRoom-CWDxM9-u.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-CWDxM9-u.js"),
    },
    File {
        name: "ValueForm-CnCA1Cx8.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ValueForm-CnCA1Cx8.js"),
    },
    File {
        name: "YamlEditor-NtPaIZLo.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-NtPaIZLo.js"),
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
        name: "designer-DnvBm53H.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-DnvBm53H.css"),
    },
    File {
        name: "designer-lTul-48N.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-lTul-48N.js"),
    },
    File {
        name: "execution-CD24KZfz.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/execution-CD24KZfz.css"),
    },
    File {
        name: "flow-Csu6Dc4-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-Csu6Dc4-.js"),
    },
    File {
        name: "flow-DOsdeeqv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-DOsdeeqv.js"),
    },
    File {
        name: "inbox-ClIYGQca.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-ClIYGQca.css"),
    },
    File {
        name: "inbox-sZvUE-pg.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-sZvUE-pg.js"),
    },
    File {
        name: "incident-responder-BBtUoJp6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/incident-responder-BBtUoJp6.js"),
    },
    File {
        name: "index-BuSadcee.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BuSadcee.js"),
    },
    File {
        name: "index-DasGal2G.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DasGal2G.js"),
    },
    File {
        name: "index-Dg0qTrwp.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-Dg0qTrwp.css"),
    },
    File {
        name: "index-Sq8Qm2v3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-Sq8Qm2v3.js"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-DWGcQVh8.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-DWGcQVh8.js"),
    },
    File {
        name: "nightly-report-Cxf1K-no.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/nightly-report-Cxf1K-no.js"),
    },
    File {
        name: "operate-LRT5774r.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/operate-LRT5774r.css"),
    },
    File {
        name: "pages-CnQJVCSV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-CnQJVCSV.js"),
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
        name: "release-CkxJBorM.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-CkxJBorM.js"),
    },
    File {
        name: "release-Cxre0Ix8.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-Cxre0Ix8.css"),
    },
    File {
        name: "release-notes-SxXsGvtn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-notes-SxXsGvtn.js"),
    },
    File {
        name: "shared-Bbc5TK3F.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/shared-Bbc5TK3F.js"),
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
