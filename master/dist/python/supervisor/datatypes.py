"""Values of the configuration that listeners use too."""


class SuffixMultiplier:
    """Converts "2kb" to 2048; d maps suffixes to factors."""

    def __init__(self, d, default=1):
        self._factors = sorted(d.items(), key=lambda item: -len(item[0]))
        self._default = default

    def __call__(self, v):
        text = v.lower()
        for ending, factor in self._factors:
            if text.endswith(ending):
                return int(text[:-len(ending)]) * factor
        return int(v) * self._default


byte_size = SuffixMultiplier({"kb": 1024, "mb": 1024 ** 2, "gb": 1024 ** 3})
