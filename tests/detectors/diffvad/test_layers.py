"""Graph layers and the U-Net: equal to vectors made with the reference implementation."""

import pytest
import torch

from detectors.diffusion import ddpm
from detectors.diffvad.folded import FoldedUNet
from detectors.diffvad.layers import GraphLayer, GraphUNet, NodeResample, SpaceTimeMix

from .parity import NEEDS_VECTORS, our_names, tensors

LAYERS = {
    "stgcn_proj": {"inputs": 2, "outputs": 16, "times": 3, "nodes": 17, "embedding": 16},
    "stgcn_ident": {"inputs": 8, "outputs": 8, "times": 4, "nodes": 5, "embedding": 6},
    "stgcn_noemb": {"inputs": 4, "outputs": 6, "times": 3, "nodes": 9},
}
GRADIENTS = {"A": "mix.space", "T": "mix.time", "tcn0_w": "conv.weight", "prelu": "activation.weight"}


def reference_unet() -> GraphUNet:
    network = GraphUNet(2, 2).eval()
    network.load_state_dict(our_names(tensors("unet/param/")))
    return network


def grid_unet(*, nodes=(64, 16, 4), seed=0) -> GraphUNet:
    torch.manual_seed(seed)
    network = GraphUNet(8, 4, nodes=nodes, embedding=32, head="conv")
    for _ in range(3):  # so that the running statistics are not those of the start
        network(torch.randn(6, 8, 3, nodes[0]) * 2 + 1, torch.randn(6, 32))
    return network.eval()


def folded(network: GraphUNet, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    """The folded network on (B, C, T, V)."""
    fold = FoldedUNet(network)
    y = fold(x.permute(2, 3, 0, 1).flatten(0, 1).contiguous(), fold.embed(embedding))
    return y.view(*x.shape[2:], len(x), -1).permute(2, 3, 0, 1)


@NEEDS_VECTORS
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_computes_what_the_reference_does(kind):
    v, layer = tensors(f"{kind}/"), GraphLayer(**LAYERS[kind])
    layer.load_state_dict(our_names(tensors(f"{kind}/param/")))
    layer.eval()
    x = v["x"].clone().requires_grad_()

    y = layer(x, v.get("emb"))
    loss = y.square().mean()
    loss.backward()

    torch.testing.assert_close(layer.mix(v["x"]), v["gcn_out"], rtol=0, atol=1e-5)
    torch.testing.assert_close(y, v["y_eval"], rtol=0, atol=1e-5)
    if "emb" in v:
        torch.testing.assert_close(layer(v["x"]), v["y_eval_noemb"], rtol=0, atol=1e-5)
    assert loss.item() == pytest.approx(float(v["loss_eval"]), rel=1e-5)
    torch.testing.assert_close(x.grad, v["grad/x"], rtol=0, atol=1e-5)
    for theirs, ours in GRADIENTS.items():
        torch.testing.assert_close(layer.get_parameter(ours).grad, v[f"grad/{theirs}"], rtol=1e-5, atol=1e-5)


@NEEDS_VECTORS
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_in_training_keeps_statistics_as_the_reference_does(kind):
    v, layer = tensors(f"{kind}/"), GraphLayer(**LAYERS[kind])
    layer.load_state_dict(our_names(tensors(f"{kind}/param/")))
    layer.train()

    y = layer(v["x"], v.get("emb"))

    torch.testing.assert_close(y, v["y_train"], rtol=0, atol=1e-5)
    torch.testing.assert_close(layer.norm.running_mean, v["bn_running_mean_after"], rtol=0, atol=1e-5)
    torch.testing.assert_close(layer.norm.running_var, v["bn_running_var_after"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("times", "nodes"), [(3, 17), (4, 9), (3, 81)])
def test_mixing_by_one_matrix_is_mixing_times_then_nodes(times, nodes):
    torch.manual_seed(0)
    mix, x = SpaceTimeMix(times, nodes), torch.randn(2, 5, times, nodes)

    in_time = torch.einsum("nctv,vtq->ncqv", x, mix.time)
    expected = torch.einsum("nctv,tvw->nctw", in_time, mix.space)

    torch.testing.assert_close((x.flatten(2) @ mix.matrix()).view_as(x), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(mix(x), expected, rtol=0, atol=1e-5)


@NEEDS_VECTORS
def test_nodes_are_resampled_as_in_the_reference():
    v, pool = tensors("pool/"), NodeResample(17, 12).eval()
    pool.load_state_dict(our_names(tensors("pool/param/")))

    torch.testing.assert_close(pool(v["x"]), v["y_eval"], rtol=0, atol=1e-5)


@NEEDS_VECTORS
def test_the_unet_of_joints_is_the_reference_one():
    v, network = tensors("unet/"), reference_unet()
    embedding = ddpm.sinusoids(v["t"], 16) + v["h"]

    torch.testing.assert_close(network(v["x"], embedding) + v["x"], v["y_eval"], rtol=0, atol=1e-5)
    torch.testing.assert_close(folded(network, v["x"], embedding) + v["x"], v["y_eval"], rtol=0, atol=1e-5)


@NEEDS_VECTORS
def test_nine_steps_back_with_given_noise_end_where_the_reference_does():
    v, network, schedule = tensors("chain/"), reference_unet(), ddpm.Schedule.cosine(10)
    h, x = tensors("unet/")["h"], v["xT"]
    for i, t in enumerate(range(9, 0, -1)):
        embedding = ddpm.sinusoids(torch.full((len(x),), t), 16) + h
        with torch.no_grad():
            eps = network(x, embedding) + x
        x = ddpm.ddpm_step(x, eps, v["z"][t] if t > 1 else None, t, schedule)
        expected = v["x_after_each_step"][i]
        apart = (x - expected).abs().max() / expected.abs().max()
        assert float(apart) < 1e-5


def test_the_joints_variant_has_as_many_parameters_as_the_reference():
    assert sum(p.numel() for p in GraphUNet(2, 2).parameters()) == 72_882


@pytest.mark.parametrize("nodes", [(64, 16, 4), (100, 25, 4)])
def test_the_folded_network_computes_the_same(nodes):
    network = grid_unet(nodes=nodes)
    x, embedding = torch.randn(5, 8, 3, nodes[0]), torch.randn(5, 32)

    with torch.no_grad():
        expected = network(x, embedding)

    torch.testing.assert_close(folded(network, x, embedding), expected, rtol=1e-4, atol=1e-4)


def test_pooling_begins_as_the_mean_of_squares_and_its_way_back_as_copies():
    pool, unpool = NodeResample(16, 4).eval(), NodeResample(4, 16).eval()
    pool.start_as_squares()
    unpool.start_as_squares()
    grid = torch.arange(16.0).view(1, 1, 1, 16)

    small = pool(grid) * (1 + pool.norm.eps) ** 0.5

    assert small.flatten().tolist() == pytest.approx([2.5, 4.5, 10.5, 12.5], abs=1e-4)
    large = unpool(small).view(4, 4)
    assert torch.equal(large[:2, :2], large[0, 0].expand(2, 2))
