"""Stand-ins for what the shims take from trainers, for tests where a trainer is not installed.

`provide(MODULE, MEMBER)` leaves an installed trainer that has this member as it is, and otherwise puts modules in its
place that have no more than the shims use, as in the version named beside each. Returns whether the real one is there.
"""

import importlib
import sys
import types


def provide(name, member):
    try:
        if hasattr(importlib.import_module(name), member):
            return True
    except ImportError:
        pass
    for module, members in _STAND_INS[name]().items():
        made = types.ModuleType(module)
        made.__dict__.update(members)
        sys.modules[module] = made
        parent, _, child = module.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, made)
    return False


def _skyrl_gym():
    """skyrl-gym 0.4"""
    registry = {}

    def make(id, **kwargs):
        module, _, member = registry[id].partition(":")
        return getattr(importlib.import_module(module), member)(**kwargs)

    class BaseTextEnv:
        def __init__(self):
            self.turns, self.max_turns = 0, 1

        def close(self):
            pass

    return {
        "skyrl_gym": {"make": make},
        "skyrl_gym.envs": {"register": lambda id, entry_point: registry.update({id: entry_point})},
        "skyrl_gym.envs.base_text_env": {"BaseTextEnv": BaseTextEnv, "BaseTextEnvStepOutput": dict},
    }


def _verifiers():
    """verifiers 0.1.14"""

    class Rubric:
        def __init__(self, funcs=None, weights=None, parser=None):
            self.funcs, self.weights = funcs or [], weights or []

    return {"verifiers": {"Rubric": Rubric, "InfraError": type("InfraError", (Exception,), {})}}


def _verifiers_v1():
    """verifiers 0.4"""

    class Judge:
        def __init__(self, config=None):
            self.config = config

    class TaskData(types.SimpleNamespace):
        idx = prompt = system_prompt = id = None

        def __iter__(self):
            return iter(vars(self).items())

    return {"verifiers": {}, "verifiers.v1": {"Judge": Judge, "TaskData": TaskData}}


def _tinker():
    """tinker-cookbook 0.6"""

    class PreferenceEnv:
        def __init__(self, convo_prefix, policy_renderer):
            self.convo_prefix, self.policy_renderer = convo_prefix, policy_renderer

    return {
        "tinker_cookbook": {},
        "tinker_cookbook.renderers": {"get_text_content": lambda message: message["content"]},
        "tinker_cookbook.rl": {},
        "tinker_cookbook.rl.preference_envs": {"PreferenceEnv": PreferenceEnv},
        "tinker_cookbook.rl.types": {"EnvGroupBuilder": type("EnvGroupBuilder", (), {})},
    }


_STAND_INS = {
    "skyrl_gym": _skyrl_gym,
    "verifiers": _verifiers,
    "verifiers.v1": _verifiers_v1,
    "tinker_cookbook.rl.preference_envs": _tinker,
}
