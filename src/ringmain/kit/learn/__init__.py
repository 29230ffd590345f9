"""Measuring models: scores, their intervals, calibration; arrays in, numbers out, and no business noun."""
