"""The way to deployed APIs: what a caller gets from a stage, at no cost of the control plane's quota."""

from batchgw.control_plane.data_plane.probe import LONGEST_BODY, DataPlane, ProbeAnswer, ProbeRequest

__all__ = ["LONGEST_BODY", "DataPlane", "ProbeAnswer", "ProbeRequest"]
