"""Functions are timed in turn."""

from mmdet_msrcnn.lab.benchmarks import timing


def test_order_and_median(monkeypatch):
    calls = []
    # Seconds that each call takes; the first of each is the warm-up.
    durations = dict(a=[9, 1, 2, 30], b=[9, 5, 5, 5])
    now = [0.0]
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: now[0])

    def function(name):
        def call():
            now[0] += durations[name][calls.count(name)]
            calls.append(name)

        return call

    functions = {name: function(name) for name in durations}
    seconds = timing.time_in_turn(functions, repeats=3, warm_up=1)
    assert calls == ['a', 'b'] * 4
    assert seconds == dict(a=2, b=5)


def test_cpu_time_in_turn(monkeypatch):
    calls = []
    durations = dict(a=[1, 2, 30], b=[5, 5, 5])
    now = [0.0]
    monkeypatch.setattr(timing.time, 'process_time', lambda: now[0])

    def function(name):
        def call():
            now[0] += durations[name][calls.count(name)]
            calls.append(name)

        return call

    functions = {name: function(name) for name in durations}
    seconds = timing.cpu_seconds_in_turn(functions, repeats=3)
    assert calls == ['a', 'b'] * 3
    assert seconds == dict(a=2, b=5)
