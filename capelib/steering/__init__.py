"""Steering: one direction added to the residual stream, with the controls that make it a measurement (Sec. 7.4)."""
