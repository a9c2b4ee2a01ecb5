//! The files of the console. Made by `npm run build` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; 17] = [
    File {
        name: "AgentHead-CyR8pFNx.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentHead-CyR8pFNx.js"),
    },
    File {
        name: "AgentRoom-DPbjRAXp.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentRoom-DPbjRAXp.js"),
    },
    File {
        name: "AgentsRoom-DVCB9GQb.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/AgentsRoom-DVCB9GQb.js"),
    },
    File {
        name: "CompareRoom-BCMoqD5E.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/CompareRoom-BCMoqD5E.js"),
    },
    File {
        name: "DesignerRoom-wVcWkC-F.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/DesignerRoom-wVcWkC-F.js"),
    },
    File {
        name: "ExecutionRoom-BdxqWZFA.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionRoom-BdxqWZFA.js"),
    },
    File {
        name: "ExecutionsRoom-DtYLZomh.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ExecutionsRoom-DtYLZomh.js"),
    },
    File {
        name: "InboxRoom-CVqxpnCa.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/InboxRoom-CVqxpnCa.js"),
    },
    File {
        name: "OperateRoom-BuB1mOcw.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/OperateRoom-BuB1mOcw.js"),
    },
    File {
        name: "ReleaseRoom-D6j-mIWS.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/ReleaseRoom-D6j-mIWS.js"),
    },
    File {
        name: "RevisionsRoom-DLJRLB8x.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RevisionsRoom-DLJRLB8x.js"),
    },
    File {
        name: "RoomHead-DWpriWH-.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/RoomHead-DWpriWH-.js"),
    },
    File {
        name: "agents-B59F9sdZ.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-B59F9sdZ.js"),
    },
    File {
        name: "agents-BCZg006m.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/agents-BCZg006m.css"),
    },
    File {
        name: "index-CW4WubBV.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-CW4WubBV.js"),
    },
    File {
        name: "index-Dt1i9Mjy.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/index-Dt1i9Mjy.css"),
    },
    File {
        name: "live-DcjlfLVe.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../console/dist/assets/live-DcjlfLVe.js"),
    },
];
