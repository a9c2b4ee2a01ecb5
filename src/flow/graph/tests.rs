//! Shapes against definitions: each property is worked out a second time by plain search.

use proptest::prelude::*;

use super::*;

fn shape(nodes: usize, edges: &[(usize, usize)]) -> (Graph, Shape) {
    let graph = Graph { nodes, start: 0, edges: edges.to_vec() };
    let shape = Shape::of(&graph);
    (graph, shape)
}

/// Whether `to` is reached from `from` (in no step or more) without entering `avoided`.
fn reaches(graph: &Graph, from: usize, to: usize, avoided: Option<usize>, edge_allowed: &dyn Fn(usize) -> bool) -> bool {
    let mut seen = vec![false; graph.nodes];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if Some(at) == avoided || std::mem::replace(&mut seen[at], true) {
            continue;
        }
        open.extend(graph.edges.iter().enumerate().filter(|(edge, ends)| ends.0 == at && edge_allowed(*edge)).map(|(_, ends)| ends.1));
    }
    seen[to]
}

fn any_edge(_: usize) -> bool {
    true
}

#[test]
fn nested_loops_have_parents_and_headers() {
    // 0 → 1 → 2 → 3 → 2 (inner), 3 → 1 (outer), 3 → 4
    let (_, shape) = shape(5, &[(0, 1), (1, 2), (2, 3), (3, 2), (3, 1), (3, 4)]);
    assert_eq!(shape.irreducible, Vec::<Vec<usize>>::new());
    assert_eq!(shape.loops.len(), 2);
    assert_eq!((shape.loops[0].header, &shape.loops[0].nodes[..], shape.loops[0].parent), (1, &[1, 2, 3][..], None));
    assert_eq!((shape.loops[1].header, &shape.loops[1].nodes[..], shape.loops[1].parent), (2, &[2, 3][..], Some(0)));
    assert_eq!(shape.within, [None, Some(0), Some(1), Some(1), None]);
    assert_eq!(shape.heads, [None, Some(0), Some(1), None, None]);
    assert_eq!(shape.common_loop(3, 1), Some(0));
    assert_eq!(shape.loop_under(Some(0), 3), Some(1));
    assert_eq!(shape.loop_under(None, 3), Some(0));
    assert_eq!(shape.loop_under(Some(0), 1), None);
}

#[test]
fn back_edges_to_one_header_form_one_loop() {
    let (_, shape) = shape(4, &[(0, 1), (1, 0), (0, 2), (2, 0), (2, 3)]);
    assert_eq!(shape.loops.len(), 1);
    assert_eq!(shape.loops[0].back_edges, [1, 3]);
    assert_eq!(shape.loops[0].nodes, [0, 1, 2]);
}

#[test]
fn a_cycle_with_two_entries_is_irreducible() {
    let (_, shape) = shape(3, &[(0, 1), (0, 2), (1, 2), (2, 1)]);
    assert_eq!(shape.irreducible, [vec![2, 3]]);
    assert_eq!(shape.loops, []);
}

fn graphs() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (1_usize..9).prop_flat_map(|nodes| (Just(nodes), prop::collection::vec((0..nodes, 0..nodes), 0..nodes * 2)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn shapes_are_what_their_definitions_say((nodes, edges) in graphs()) {
        let (graph, shape) = shape(nodes, &edges);
        let reachable = |node| reaches(&graph, 0, node, None, &any_edge);
        let dominates = |a: usize, b: usize| reachable(b) && (a == b || !reaches(&graph, 0, b, Some(a), &any_edge));
        for node in 0..nodes {
            prop_assert_eq!(shape.reachable[node], reachable(node));
            for other in 0..nodes {
                prop_assert_eq!(shape.dominates(node, other), dominates(node, other), "{} dominates {}", node, other);
            }
        }
        for (index, &(from, to)) in edges.iter().enumerate() {
            prop_assert_eq!(shape.back[index], reachable(from) && dominates(to, from));
        }
        let forward = |edge: usize| !shape.back[edge];
        let cyclic = edges.iter().enumerate().any(|(index, &(from, to))| {
            forward(index) && reachable(from) && reaches(&graph, to, from, None, &forward)
        });
        prop_assert_eq!(!shape.irreducible.is_empty(), cyclic);
        if cyclic {
            return Ok(());
        }
        for one in &shape.loops {
            for node in 0..nodes {
                let inside = node == one.header || one.back_edges.iter().any(|&back| {
                    reachable(node) && reaches(&graph, node, edges[back].0, Some(one.header), &any_edge)
                });
                prop_assert_eq!(one.nodes.contains(&node), inside);
            }
        }
        for node in 0..nodes {
            let innermost = shape.loops.iter().enumerate().filter(|(_, one)| one.nodes.contains(&node)).min_by_key(|(_, one)| one.nodes.len());
            prop_assert_eq!(shape.within[node], innermost.map(|(index, _)| index));
        }
        for (index, one) in shape.loops.iter().enumerate() {
            prop_assert!(one.parent.is_none_or(|parent| parent < index), "an outer loop comes first");
        }
    }
}
