"""Freshness and age of stored predictions, for taste that changes as a Poisson process.

The *prediction age* is the time since the feature snapshot, and not the "age" of Cho and Garcia-Molina, which is the
time since the first change that the stored prediction does not know. Rates and times may be in any one unit; names say
seconds, as the rest of the program does.

References
----------
.. [1] J. Cho and H. Garcia-Molina, "Synchronizing a database to improve freshness", SIGMOD 2000.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import exprel

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import count, fraction, non_negative, positive


def change_rate_per_s(half_life_s: npt.ArrayLike) -> FloatArray:
    """Return the rate of taste changes, ln 2 / half-life. [1/s].

    Parameters
    ----------
    half_life_s
        Age at which half the predictions are no longer fresh. [s]

    Raises
    ------
    ValueError
        If a half-life is not above 0.
    """
    rate: FloatArray = math.log(2) / positive("half_life_s", half_life_s)
    return rate


def stale_fraction(age_s: npt.ArrayLike, half_life_s: npt.ArrayLike) -> FloatArray:
    """Return the probability that a prediction of a given age is stale, 1 - 2^(-age/half-life).

    Parameters
    ----------
    age_s
        Prediction ages, any shape, 0 or above. [s]
    half_life_s
        Half-life of freshness, broadcast with the ages. [s]

    Raises
    ------
    ValueError
        If an age is negative or a half-life is not above 0.
    """
    age = non_negative("age_s", age_s)
    stale: FloatArray = -np.expm1(-change_rate_per_s(half_life_s) * age)
    return stale


def mean_prediction_age_s(period_s: npt.ArrayLike, delay_s: npt.ArrayLike = 0.0) -> FloatArray:
    """Return the mean prediction age under periodic refresh, reads spread evenly: D + I/2. [s].

    Parameters
    ----------
    period_s
        Refresh period I. [s]
    delay_s
        Publication delay D; under rolling publication over a makespan its mean, half the makespan. [s]

    Raises
    ------
    ValueError
        If a period is not above 0 or a delay is negative.
    """
    return non_negative("delay_s", delay_s) + positive("period_s", period_s) / 2


def periodic_freshness(
    change_per_s: npt.ArrayLike, period_s: npt.ArrayLike, delay_s: npt.ArrayLike = 0.0
) -> FloatArray:
    """Return the freshness F under periodic refresh, published at once a delay after the snapshot.

    Parameters
    ----------
    change_per_s
        Change rates lam, 0 or above; all parameters broadcast. [1/s]
    period_s
        Refresh period I. [s]
    delay_s
        Publication delay D. [s]

    Raises
    ------
    ValueError
        If a rate or delay is negative or a period is not above 0.

    References
    ----------
    .. [1] J. Cho and H. Garcia-Molina, SIGMOD 2000, theorem for the fixed order, with the delay's factor e^(-lam D).
    """
    rate = non_negative("change_per_s", change_per_s)
    delay = non_negative("delay_s", delay_s)
    fresh: FloatArray = np.exp(-rate * delay) * exprel(-rate * positive("period_s", period_s))
    return fresh


def rolling_freshness(change_per_s: npt.ArrayLike, period_s: npt.ArrayLike, makespan_s: npt.ArrayLike) -> FloatArray:
    """Return the freshness F when a run's rows are published as they are done, evenly over its makespan.

    Parameters
    ----------
    change_per_s
        Change rates lam, 0 or above; all parameters broadcast. [1/s]
    period_s
        Refresh period I. [s]
    makespan_s
        Time from the run's start, which is every row's snapshot, to its last publication. [s]

    Raises
    ------
    ValueError
        If a rate or makespan is negative or a period is not above 0.
    """
    rate = non_negative("change_per_s", change_per_s)
    makespan = non_negative("makespan_s", makespan_s)
    fresh: FloatArray = exprel(-rate * makespan) * exprel(-rate * positive("period_s", period_s))
    return fresh


def diurnal_mean_prediction_age_s(
    period_s: npt.ArrayLike,
    delay_s: npt.ArrayLike,
    amplitude_fraction: npt.ArrayLike,
    peak_after_publication_s: npt.ArrayLike,
    runs_per_day: npt.ArrayLike = 1,
) -> FloatArray:
    """Return the mean prediction age at serving, for reads that follow a daily cosine. [s].

    Parameters
    ----------
    period_s
        Refresh period I; the cosine's day is ``runs_per_day`` periods long. [s]
    delay_s
        Publication delay D. [s]
    amplitude_fraction
        The kappa of the reading rate 1 + kappa cos, from 0 to 1.
    peak_after_publication_s
        The theta: time from a publication to the reading peak, (peak - publication) mod day. [s]
    runs_per_day
        Refreshes per day k; from 2 on the cosine averages out and the mean is D + I/2.

    Raises
    ------
    ValueError
        If a parameter is outside the bounds above.
    """
    period = positive("period_s", period_s)
    phase = 2 * math.pi * non_negative("peak_after_publication_s", peak_after_publication_s) / period
    swing = _swing_fraction(amplitude_fraction, runs_per_day)
    age: FloatArray = mean_prediction_age_s(period, delay_s) - swing * period / (2 * math.pi) * np.sin(phase)
    return age


def diurnal_freshness(
    change_per_s: npt.ArrayLike,
    period_s: npt.ArrayLike,
    delay_s: npt.ArrayLike,
    amplitude_fraction: npt.ArrayLike,
    peak_after_publication_s: npt.ArrayLike,
    runs_per_day: npt.ArrayLike = 1,
) -> FloatArray:
    """Return the freshness F at serving, for reads that follow a daily cosine.

    Parameters
    ----------
    change_per_s
        Change rates lam, 0 or above; all parameters broadcast. [1/s]
    period_s
        Refresh period I; the cosine's day is ``runs_per_day`` periods long. [s]
    delay_s
        Publication delay D. [s]
    amplitude_fraction
        The kappa of the reading rate 1 + kappa cos, from 0 to 1.
    peak_after_publication_s
        The theta: time from a publication to the reading peak, (peak - publication) mod day. [s]
    runs_per_day
        Refreshes per day k; from 2 on the cosine averages out and F is that of even reading.

    Raises
    ------
    ValueError
        If a parameter is outside the bounds above.
    """
    rate = non_negative("change_per_s", change_per_s)
    period = positive("period_s", period_s)
    turn = 2 * math.pi / period
    phase = turn * non_negative("peak_after_publication_s", peak_after_publication_s)
    tilt = rate * (rate * np.cos(phase) + turn * np.sin(phase)) / (rate**2 + turn**2)
    swing = _swing_fraction(amplitude_fraction, runs_per_day)
    fresh: FloatArray = periodic_freshness(rate, period, delay_s) * (1 + swing * tilt)
    return fresh


def nearline_freshness(change_per_s: npt.ArrayLike, lag_s: npt.ArrayLike) -> FloatArray:
    """Return the freshness F when every change is known after a constant lag: e^(-lam L).

    Parameters
    ----------
    change_per_s
        Rate lam of the events, each of which is a change; broadcast with the lag. [1/s]
    lag_s
        Lag L from an event to its prediction's publication. For random lags average F over them. [s]

    Raises
    ------
    ValueError
        If a rate or a lag is negative.
    """
    fresh: FloatArray = np.exp(-non_negative("change_per_s", change_per_s) * non_negative("lag_s", lag_s))
    return fresh


def debounced_freshness(
    change_per_s: npt.ArrayLike, window_s: npt.ArrayLike, lag_s: npt.ArrayLike = 0.0, *, restarting: bool
) -> FloatArray:
    """Return the freshness F under debounced nearline refresh.

    Parameters
    ----------
    change_per_s
        Rate lam of the events, each of which is a change; all parameters broadcast. [1/s]
    window_s
        Debounce W: the feature snapshot is taken when the window has run out. [s]
    lag_s
        Lag L from the snapshot to its prediction's publication. [s]
    restarting
        Whether a new event inside the window restarts it, as the simulated plans do: F = e^(-lam (W + L)). If not,
        the first event opens a window that later ones share: F = e^(-lam L)/(1 + lam W).

    Raises
    ------
    ValueError
        If a rate, window or lag is negative.
    """
    rate = non_negative("change_per_s", change_per_s)
    window = non_negative("window_s", window_s)
    if restarting:
        return nearline_freshness(rate, window + non_negative("lag_s", lag_s))
    return nearline_freshness(rate, lag_s) / (1 + rate * window)


def debounced_recomputes_per_s(change_per_s: npt.ArrayLike, window_s: npt.ArrayLike, *, restarting: bool) -> FloatArray:
    """Return how often one user's prediction is computed again under debounced nearline refresh. [1/s].

    Parameters
    ----------
    change_per_s
        Rate lam of the events; broadcast with the window. [1/s]
    window_s
        Debounce W. [s]
    restarting
        Whether a new event inside the window restarts it (lam e^(-lam W)) or shares it (lam/(1 + lam W)).

    Raises
    ------
    ValueError
        If a rate or window is negative.
    """
    rate = non_negative("change_per_s", change_per_s)
    window = non_negative("window_s", window_s)
    per_s: FloatArray = rate * np.exp(-rate * window) if restarting else rate / (1 + rate * window)
    return per_s


def debounced_prediction_age_s(change_per_s: npt.ArrayLike, window_s: npt.ArrayLike) -> FloatArray:
    """Return the mean prediction age at a read that is an event, under a debounce that restarts. [s].

    Parameters
    ----------
    change_per_s
        Rate lam of the events, above 0, each of which reads the prediction; broadcast with the window. [1/s]
    window_s
        Debounce W, restarted by every event; publication is at its end, at once. [s]

    Raises
    ------
    ValueError
        If a rate is not above 0 or a window is negative.

    Notes
    -----
    e^(lam W)/lam - W: a read finds the row made when the window last ran out, which is the last gap longer than W
    before it; with W = 0 that is the time since the last event, 1/lam on average.
    """
    rate, window = positive("change_per_s", change_per_s), non_negative("window_s", window_s)
    age: FloatArray = 1 / rate + window * (exprel(rate * window) - 1)
    return age


def _swing_fraction(amplitude_fraction: npt.ArrayLike, runs_per_day: npt.ArrayLike) -> FloatArray:
    """Return what is left of the cosine after averaging over the day's runs: all with one run, else nothing."""
    once = count("runs_per_day", runs_per_day) == 1
    swing: FloatArray = fraction("amplitude_fraction", amplitude_fraction) * once
    return swing
