"""STG-NF written down plainly, as the released code does it: the yardstick of `bench_stgnf`.

Every joint goes through the graph product and both convolutions, batches are made item by item, and the optimiser
walks over each parameter. The names of parameters are those of the checkpoints.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

JOINTS = 18


class PlainActNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, 2, 1, 1))
        self.logs = nn.Parameter(torch.zeros(1, 2, 1, 1))
        self.started = False

    def forward(self, z, logdet):
        if not self.started:
            with torch.no_grad():
                self.bias.data = -z.mean((0, 2, 3), keepdim=True)
                variance = ((z + self.bias) ** 2).mean((0, 2, 3), keepdim=True)
                self.logs.data = torch.log(1 / (variance.sqrt() + 1e-6))
            self.started = True
        z = (z + self.bias) * torch.exp(self.logs)
        return z, logdet + self.logs.sum() * z.shape[2] * z.shape[3]


class PlainGraphConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, z, graph):
        z = self.conv(z)
        n, c, t, v = z.shape
        z = z.view(n, 1, c, t, v)
        return torch.einsum("nkctv,kvw->nctw", z, graph).contiguous()


class PlainBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, first):
        super().__init__()
        self.gcn = PlainGraphConv(inputs, outputs)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, (kernel, 1), padding=((kernel - 1) // 2, 0)),
            nn.BatchNorm2d(outputs),
        )
        if not first:
            self.residual = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))

    def forward(self, z, graph):
        residual = self.residual(z) if hasattr(self, "residual") else 0
        return functional.relu(self.tcn(self.gcn(z, graph)) + residual)


class PlainStep(nn.Module):
    def __init__(self, kernel, first):
        super().__init__()
        self.actnorm = PlainActNorm()
        self.block = nn.ModuleList([PlainBlock(1, 2, kernel, first)])

    def forward(self, z, logdet, graph):
        z, logdet = self.actnorm(z, logdet)
        z = z[:, [1, 0]]
        kept, changed = z[:, :1], z[:, 1:]
        h = kept
        for block in self.block:
            h = block(h, graph)
        shift, scale = h[:, 0::2], torch.sigmoid(h[:, 1::2] + 2.0) + 1e-6
        changed = (changed + shift) * scale
        logdet = logdet + torch.log(scale).sum((1, 2, 3))
        return torch.cat([kept, changed], 1), logdet


class PlainFlow(nn.Module):
    def __init__(self, frames, steps):
        super().__init__()
        self.layers = nn.ModuleList(PlainStep(frames // 2 + 1, k == 0) for k in range(steps))

    def forward(self, z, graph):
        logdet = torch.zeros(len(z))
        for step in self.layers:
            z, logdet = step(z, logdet, graph)
        return z, logdet


class PlainStgNf(nn.Module):
    def __init__(self, frames=24, steps=8, mean=3.0):
        super().__init__()
        self.flow = PlainFlow(frames, steps)
        self.graph = torch.ones(1, JOINTS, JOINTS) / JOINTS
        normal = torch.zeros(4, frames, JOINTS)
        normal[:2] = mean
        self.register_buffer("prior_h", torch.zeros(1, 4, frames, JOINTS))
        self.register_buffer("prior_h_normal", normal)
        self.register_buffer("prior_h_abnormal", -normal)

    def forward(self, x, label):
        z, logdet = self.flow(x, self.graph)
        h = self.prior_h.repeat(len(x), 1, 1, 1)
        h[label == 1] = self.prior_h_normal
        h[label == -1] = self.prior_h_abnormal
        mean, logs = h[:, :2], h[:, 2:]
        likelihood = -0.5 * (
            logs * 2 + (z - mean) ** 2 / (torch.exp(logs * 2) + 1e-6) + math.log(2 * math.pi)
        )
        nll = -(likelihood.sum((1, 2, 3)) + logdet) / (math.log(2) * x[0].numel())
        return z, nll


class PlainPoses(Dataset):
    """Segments (N, 3, T, 18) in pixels; each is copied, turned over and normalised when it is asked for."""

    def __init__(self, segments, transforms):
        self.segments = segments
        self.transforms = transforms

    def __len__(self):
        return len(self.segments) * self.transforms

    def __getitem__(self, index):
        data = np.array(self.segments[index % len(self.segments)])
        turn = torch.eye(3)
        if index // len(self.segments) == 1:
            turn[0, 0] = -1
        if self.transforms > 1:
            xy1 = np.concatenate([data[:2], np.ones_like(data[:1])])
            data[:2] = np.einsum("ij,jtv->itv", turn, xy1)[:2]
        pose = np.transpose(data, (1, 2, 0)) / np.array([856, 480, 1])
        pose[..., :2] -= pose[..., :2].mean((0, 1))
        pose[..., :2] /= pose[..., 1].std()
        return np.transpose(pose, (2, 0, 1)), index, np.float32(1)


def plain_epoch(network, segments, *, optimiser, batch, order):
    """Train for one pass in a given order and give the losses."""
    losses = []
    loader = DataLoader(PlainPoses(segments, 2), batch_size=batch, sampler=order)
    for data, _, label in loader:
        _, nll = network(data[:, :2].float(), label)
        loss = nll.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 100)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def plain_scores(network, segments, *, batch):
    """Give the log-likelihood of every segment, (N,), in bits per dimension."""
    network.eval()
    scores = []
    for data, _, label in DataLoader(PlainPoses(segments, 1), batch_size=batch):
        _, nll = network(data[:, :2].float(), torch.ones(len(label)))
        scores.append(-nll)
    return torch.cat(scores).numpy()
