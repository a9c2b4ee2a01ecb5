//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 54] = [
    File {
        name: "AgentHead-DYldueTh.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-DYldueTh.js"),
    },
    File {
        name: "AgentRoom-D3Jw1qEf.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-D3Jw1qEf.js"),
    },
    File {
        name: "AgentsRoom-BDwJq2_h.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-BDwJq2_h.js"),
    },
    File {
        name: "BudgetsRoom-hVwVEDr2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BudgetsRoom-hVwVEDr2.js"),
    },
    File {
        name: "BulkCancel-Dzdm-sZe.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/BulkCancel-Dzdm-sZe.js"),
    },
    File {
        name: "CompareRoom-hm38AS24.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-hm38AS24.js"),
    },
    File {
        name: "DesignerRoom-DKQP7MPU.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-DKQP7MPU.js"),
    },
    File {
        name: "Dialogs-BZNXdlv3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Dialogs-BZNXdlv3.js"),
    },
    File {
        name: "ExecutionRoom-okMkxCEn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-okMkxCEn.js"),
    },
    File {
        name: "ExecutionsRoom-Dw5Ifn0U.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-Dw5Ifn0U.js"),
    },
    File {
        name: "Graph-CRALZQex.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Graph-CRALZQex.js"),
    },
    File {
        name: "InboxRoom-D9s8qr7o.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-D9s8qr7o.js"),
    },
    File {
        name: "OperateRoom-CcKHmoHs.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-CcKHmoHs.js"),
    },
    File {
        name: "ReleaseRoom-CkZKbWSf.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-CkZKbWSf.js"),
    },
    File {
        name: "Retention-DO1CfYGX.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Retention-DO1CfYGX.js"),
    },
    File {
        name: "RevisionsRoom-CaBLAj7i.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-CaBLAj7i.js"),
    },
    File {
        name: "RoomHead-CsRWA5Vu.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-CsRWA5Vu.js"),
    },
    File {
        name: "SlowSteps-Ce_8OtKS.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/SlowSteps-Ce_8OtKS.js"),
    },
    File {
        name: "Table-DwXT5OV1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Table-DwXT5OV1.js"),
    },
    File {
        name: "Tabs-C2H4bmYj.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/Tabs-C2H4bmYj.js"),
    },
    File {
        name: "TriggersRoom-C21oLn6Z.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-C21oLn6Z.css"),
    },
    File {
        name: "TriggersRoom-D-4Civdv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/TriggersRoom-D-4Civdv.js"),
    },
    File {
        name: "ValueForm-BUeJ_-QF.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ValueForm-BUeJ_-QF.js"),
    },
    File {
        name: "YamlEditor-M6mwktgm.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/YamlEditor-M6mwktgm.js"),
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
        name: "designer-Bi7dUdXu.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/designer-Bi7dUdXu.js"),
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
        name: "flow-B0CiOcwT.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-B0CiOcwT.js"),
    },
    File {
        name: "flow-DOsdeeqv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/flow-DOsdeeqv.js"),
    },
    File {
        name: "inbox-CFBK58iM.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/inbox-CFBK58iM.js"),
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
        name: "index-CNQN2A8C.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-CNQN2A8C.js"),
    },
    File {
        name: "index-DGkyvBAo.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DGkyvBAo.js"),
    },
    File {
        name: "index-Dsdr_bqk.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-Dsdr_bqk.js"),
    },
    File {
        name: "lead-enrichment-C80rfPYn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/lead-enrichment-C80rfPYn.js"),
    },
    File {
        name: "live-DlPTOuNj.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-DlPTOuNj.js"),
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
        name: "pages-C8E66cYa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/pages-C8E66cYa.js"),
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
        name: "release-oHXRDpfQ.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/release-oHXRDpfQ.js"),
    },
    File {
        name: "shared-BZqpeLAP.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/shared-BZqpeLAP.js"),
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
