//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 17] = [
    File {
        name: "AgentHead-Cgzcz1gN.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-Cgzcz1gN.js"),
    },
    File {
        name: "AgentRoom-CJD89ubD.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-CJD89ubD.js"),
    },
    File {
        name: "AgentsRoom-GN9MoTk1.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-GN9MoTk1.js"),
    },
    File {
        name: "CompareRoom-D_otsyNi.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-D_otsyNi.js"),
    },
    File {
        name: "DesignerRoom-C5zeaNq-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-C5zeaNq-.js"),
    },
    File {
        name: "ExecutionRoom-Dp74uFS-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-Dp74uFS-.js"),
    },
    File {
        name: "ExecutionsRoom-C3_eo4c6.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-C3_eo4c6.js"),
    },
    File {
        name: "InboxRoom-Dk4AQJlK.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-Dk4AQJlK.js"),
    },
    File {
        name: "OperateRoom-A5VsptBL.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-A5VsptBL.js"),
    },
    File {
        name: "ReleaseRoom-BH1rurAs.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-BH1rurAs.js"),
    },
    File {
        name: "RevisionsRoom-BVf5jizy.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-BVf5jizy.js"),
    },
    File {
        name: "RoomHead-rQIeMIo2.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-rQIeMIo2.js"),
    },
    File {
        name: "agents-BCZg006m.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-BCZg006m.css"),
    },
    File {
        name: "agents-By5a1DW0.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-By5a1DW0.js"),
    },
    File {
        name: "index-BkI8D6Nw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-BkI8D6Nw.js"),
    },
    File {
        name: "index-D1W_qM2w.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-D1W_qM2w.css"),
    },
    File {
        name: "live-DfBINPrf.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-DfBINPrf.js"),
    },
];
