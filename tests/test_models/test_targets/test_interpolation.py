"""Interpolated rows are those of torch's own sampling."""

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from mmdet_msrcnn.models.targets.interpolation import (
    interpolate_rows,
    linear_weights,
)

POSITIONS = st.lists(
    st.floats(-3, 12, width=32) | st.integers(-2, 11).map(float), min_size=1
)


def test_no_mask_gives_no_row():
    rows = interpolate_rows(torch.zeros(0, 28, 28), torch.zeros(0, 56))
    assert rows.shape == (0, 56, 28)


@given(at=POSITIONS, size=st.integers(2, 9), seed=st.integers(0, 9))
def test_rows_on_and_off_the_mask(at, size, seed):
    torch.manual_seed(seed)
    masks = torch.rand(3, size, 5)
    at = torch.tensor(at) + torch.tensor([[0.0], [0.25], [-0.5]])
    # -1 and 1 are the outer edges of the first and last row and column.
    x = (torch.arange(5) * 2 + 1) / 5 - 1
    y = (at * 2 + 1) / size - 1
    grid = torch.stack(torch.broadcast_tensors(x, y[..., None]), dim=-1)
    expected = F.grid_sample(masks[:, None], grid, align_corners=False)[:, 0]
    product = linear_weights(at, size) @ masks
    for rows in (interpolate_rows(masks, at), product):
        torch.testing.assert_close(rows, expected, atol=1e-5, rtol=0)
