//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 17] = [
    File {
        name: "AgentHead-CdMGsTrI.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-CdMGsTrI.js"),
    },
    File {
        name: "AgentRoom-CnJc6m-3.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-CnJc6m-3.js"),
    },
    File {
        name: "AgentsRoom-uc9YvyVW.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-uc9YvyVW.js"),
    },
    File {
        name: "CompareRoom-Be9tNeNO.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-Be9tNeNO.js"),
    },
    File {
        name: "DesignerRoom-R6BIWkLg.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-R6BIWkLg.js"),
    },
    File {
        name: "ExecutionRoom-CUnBuOf0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-CUnBuOf0.js"),
    },
    File {
        name: "ExecutionsRoom-CkEaTpJk.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-CkEaTpJk.js"),
    },
    File {
        name: "InboxRoom-D3n8kqsn.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-D3n8kqsn.js"),
    },
    File {
        name: "OperateRoom-DqgRBrpG.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-DqgRBrpG.js"),
    },
    File {
        name: "ReleaseRoom-Cy1A-mXl.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-Cy1A-mXl.js"),
    },
    File {
        name: "RevisionsRoom-CY4qyfAF.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-CY4qyfAF.js"),
    },
    File {
        name: "RoomHead-C-ryFYk5.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-C-ryFYk5.js"),
    },
    File {
        name: "agents-BCZg006m.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-BCZg006m.css"),
    },
    File {
        name: "agents-Dj9AYaTl.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-Dj9AYaTl.js"),
    },
    File {
        name: "index-BPDfDqFW.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BPDfDqFW.css"),
    },
    File {
        name: "index-DrGIJBST.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-DrGIJBST.js"),
    },
    File {
        name: "live-Dzs44EJ-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-Dzs44EJ-.js"),
    },
];
