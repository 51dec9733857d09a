"""3D residual networks, with the layer names of the two families of published weights.

Tran et al. 2018 (R3D, as torchvision names it); Hara et al. 2018 and Kataoka et al. 2020 (3D ResNet and
ResNeXt, as github.com/kenshohara/3D-ResNets-PyTorch names them). All map (B, 3, T, H, W) to the last feature
maps (B, D, T', H', W'); the classifier is left out.
"""

from __future__ import annotations

from torch import Tensor, nn


def _conv(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Conv3d:
    return nn.Conv3d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)


class R3DBlock(nn.Module):
    """Two convolutions of 3 x 3 x 3, each with its normalisation beside it, and the way around them."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            _conv(inputs, outputs, stride=stride), nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)
        )
        self.conv2 = nn.Sequential(_conv(outputs, outputs), nn.BatchNorm3d(outputs))
        self.downsample = _shortcut(inputs, outputs, stride=stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + around)


class R3D18(nn.Module):
    """R3D with 18 layers: 512 features, 2 x 7 x 7 for 16 frames of 112 x 112."""

    dimension = 512
    frames = 2

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            nn.ReLU(inplace=True),
        )
        widths = (64, 64, 128, 256, 512)
        for i in range(1, 5):
            stride = 1 if i == 1 else 2
            layer = nn.Sequential(
                R3DBlock(widths[i - 1], widths[i], stride=stride), R3DBlock(widths[i], widths[i], stride=1)
            )
            self.add_module(f"layer{i}", layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return x


class BasicBlock(nn.Module):
    """Two convolutions of 3 x 3 x 3 and the way around them."""

    expansion = 1

    def __init__(self, inputs: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(inputs, width, stride=stride)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = _conv(width, width)
        self.bn2 = nn.BatchNorm3d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, width, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + around)


class ResNeXtBlock(nn.Module):
    """A bottleneck whose middle convolution runs in 32 groups."""

    expansion = 2

    def __init__(self, inputs: int, width: int, *, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = _conv(inputs, width, kernel=1)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = _conv(width, width, stride=stride, groups=32)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = _conv(width, outputs, kernel=1)
        self.bn3 = nn.BatchNorm3d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + around)


class HaraResNet(nn.Module):
    """The networks of Hara et al., shortcut B: one frame of maps for 16 frames."""

    frames = 1

    def __init__(
        self,
        block: type[BasicBlock] | type[ResNeXtBlock],
        *,
        counts: tuple[int, int, int, int],
        widths: tuple[int, int, int, int],
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, 7, stride=(1, 2, 2), padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool3d(3, stride=2, padding=1)
        inputs = 64
        for i, (count, width) in enumerate(zip(counts, widths, strict=True), start=1):
            blocks: list[nn.Module] = []
            for j in range(count):
                blocks.append(block(inputs, width, stride=2 if i > 1 and j == 0 else 1))
                inputs = width * block.expansion
            self.add_module(f"layer{i}", nn.Sequential(*blocks))
        self.dimension = inputs

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return x


def resnet18() -> HaraResNet:
    """Make the 3D ResNet-18 of the releases of 2020."""
    return HaraResNet(BasicBlock, counts=(2, 2, 2, 2), widths=(64, 128, 256, 512))


def resnext101() -> HaraResNet:
    """Make the 3D ResNeXt-101 of the release of 2018."""
    return HaraResNet(ResNeXtBlock, counts=(3, 4, 23, 3), widths=(128, 256, 512, 1024))


def _shortcut(inputs: int, outputs: int, *, stride: int) -> nn.Sequential | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(_conv(inputs, outputs, kernel=1, stride=stride), nn.BatchNorm3d(outputs))
