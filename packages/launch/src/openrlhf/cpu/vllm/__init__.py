"""What OpenRLHF imports of vLLM, for tests where there is no GPU."""


class SamplingParams:
    def __init__(self, **named):
        self.__dict__.update(named)
