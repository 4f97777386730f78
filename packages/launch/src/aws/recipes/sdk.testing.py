"""What AWS's Python SDKs, amzn-nova-forge and sagemaker, make of settings, and say of training lines. No network.

    python sdk.testing.py < questions.json > answers.json

Questions: {"templates": {TARGET: {"full" | "lora": {"recipe", "spec"}}}, "cases": [...], "lines": [...], "sets": [[...], ...]}.
The SDKs fetch a recipe's template and what may be overridden in it from SageMaker's hub; `templates` stands in for those two
files. Templates of evaluations and of Bedrock are in amzn-nova-forge itself. sdk.test.ts asks.
"""

import contextlib
import copy
import io
import json
import logging
import os
import sys
import tempfile
import types
import warnings

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
try:
    import matplotlib  # noqa: F401
except ImportError:
    # The SDK draws curves with it; nothing here does.
    stand_in = types.ModuleType("matplotlib")
    stand_in.pyplot = types.ModuleType("matplotlib.pyplot")
    sys.modules.update({"matplotlib": stand_in, "matplotlib.pyplot": stand_in.pyplot})

answers = sys.stdout
sys.stdout = io.StringIO()

import yaml
from amzn_nova_forge.core.enums import EvaluationTask, Model, Platform, TrainingMethod
from amzn_nova_forge.core.types import ValidationConfig
from amzn_nova_forge.dataset.dataset_validator import rft_dataset_validator as dataset
from amzn_nova_forge.manager.runtime_manager import SMTJServerlessRuntimeManager
from amzn_nova_forge.recipe import recipe_builder
from amzn_nova_forge.util import recipe as recipe_util
from amzn_nova_forge.util.bedrock import parse_bedrock_recipe_config
from amzn_nova_forge.validation import validator
from pydantic import ValidationError
from sagemaker.core.training.configs import HyperPodCompute, TrainingJobCompute
from sagemaker.train.common import FineTuningOptions
from sagemaker.train.common_utils import finetune_utils
from sagemaker.train.recipe_resolver import flatten_resolved_recipe
from sagemaker.train.rlvr_trainer import RLVRTrainer

INSTANCE = "ml.p5.48xlarge"
PLATFORMS = {
    "hyperpod": Platform.SMHP,
    "training-job": Platform.SMTJ,
    "serverless": Platform.SMTJServerless,
    "bedrock": Platform.BEDROCK,
}
load_recipe_templates = recipe_builder.load_recipe_templates


def no_data(*_):
    raise OSError("the data is in S3")


validator.count_s3_dataset_rows = no_data
# The hub's list of recipes: evaluations are looked for there, and then taken from the package.
EVALUATION = {"Type": "Evaluation", "SmtjRecipeTemplateS3Uri": "s3://", "HpEksPayloadTemplateS3Uri": "s3://"}
recipe_util.get_hub_content = lambda **_: {"HubContentDocument": {"RecipeCollection": [EVALUATION]}}


def template_of(questions, case):
    target = "training-job" if case["target"] == "serverless" else case["target"]
    return copy.deepcopy(questions["templates"][target][case["tuning"]])


def forge(questions, case):
    """The recipe that RecipeBuilder writes; for Bedrock and serverless, the hyperparameters that are read out of it."""
    target, is_evaluation = case["target"], case["target"] == "evaluation"
    platform = PLATFORMS[case["platform"] if is_evaluation else target]

    def templates(**asked):
        if is_evaluation or target == "bedrock":
            return load_recipe_templates(**asked)
        template = template_of(questions, case)
        return {}, template["recipe"], template["spec"], "an image"

    recipe_builder.load_recipe_templates = templates
    on_instances = target not in ("serverless", "bedrock")
    infra = types.SimpleNamespace(
        instance_type=INSTANCE if on_instances else None,
        instance_count=case["instances"] if on_instances else None,
        region="us-east-1",
        rft_lambda=None,
    )
    lora = case["tuning"] == "lora"
    training = TrainingMethod.RFT_LORA if lora else TrainingMethod.RFT_FULL
    method = TrainingMethod.EVALUATION if is_evaluation else training
    builder = recipe_builder.RecipeBuilder(
        region="us-east-1",
        job_name=case["name"],
        platform=platform,
        model=Model.NOVA_LITE_2,
        method=method,
        instance_type=infra.instance_type,
        instance_count=infra.instance_count,
        infra=infra,
        output_s3_path=case["output"],
        data_s3_path=None if is_evaluation and platform is Platform.SMTJ else case["data"],
        rft_lambda_arn=None if is_evaluation else case["rewardFunction"],
        eval_task=EvaluationTask.RFT_EVAL if is_evaluation else None,
        rl_env_config={"reward_lambda_arn": case["rewardFunction"]} if is_evaluation else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "recipe.yaml")
        builder.build_and_validate(
            overrides=copy.deepcopy(case["overrides"]),
            output_recipe_path=path,
            validation_config=ValidationConfig(iam=False, infra=False, recipe=True),
        )
        if target == "bedrock":
            return parse_bedrock_recipe_config(path, method)["rft_hyperparameters"]
        with open(path) as file:
            recipe = yaml.safe_load(file)
    if target == "serverless":
        return SMTJServerlessRuntimeManager._extract_hyperparameters(None, recipe, method=method)
    return recipe


def sagemaker(questions, case):
    """What an RLVRTrainer says its recipe is, or the hyperparameters that it sends a serverless job."""
    target = case["target"]
    template = template_of(questions, case)
    spec = template["spec"]
    given = {
        "name": case["name"],
        "data_s3_path": case["data"],
        "output_s3_path": case["output"],
        "replicas": case["instances"],
        "reward_lambda_arn": case["rewardFunction"],
    }
    for key, value in given.items():
        if key in spec:
            spec[key]["default"] = value
    trainer = RLVRTrainer.__new__(RLVRTrainer)  # its constructor asks the hub
    trainer.base_job_name = None
    trainer.custom_reward_function = case["rewardFunction"]
    trainer.s3_output_path = case["output"]
    trainer.training_dataset = case["data"]
    trainer.compute = {
        "hyperpod": HyperPodCompute(cluster_name="c", instance_type=INSTANCE, node_count=case["instances"]),
        "training-job": TrainingJobCompute(instance_type=INSTANCE, instance_count=case["instances"]),
        "serverless": None,
    }[target]
    trainer._overrides = copy.deepcopy(case["overrides"])
    trainer.hyperparameters = FineTuningOptions(spec)
    trainer.hyperparameters._full_recipe_template = template["recipe"]
    if target != "serverless":
        return trainer.get_resolved_recipe(), rendered(trainer, target, copy.deepcopy(template))
    trainer._process_hyperparameters()
    return trainer._apply_recipe_to_hyperparameters(trainer.hyperparameters.to_dict()), None


def rendered(trainer, target, template):
    """The recipe that goes out: as _train_hyperpod and _train_serverful_smtj fill the hub's template."""
    if target == "hyperpod":
        values = flatten_resolved_recipe(trainer.get_resolved_recipe())
    else:
        values = trainer.hyperparameters.to_dict()
        values.update(trainer._get_extra_smtj_hyperparameters())
        values = trainer._apply_recipe_to_hyperparameters(values)
    spec = template["spec"]
    for key, value in values.items():
        if value is not None and value != "":
            spec.setdefault(key, {"type": "string"})["default"] = value
    text = yaml.dump(template["recipe"], sort_keys=False)
    return yaml.safe_load(finetune_utils._render_recipe_placeholders(text, spec))


def asked(sdk, questions, case):
    try:
        made = sdk(questions, case)
        return {"made": made[0], "sent": made[1]} if isinstance(made, tuple) else {"made": made}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def line_problem(text):
    """None where the validator takes the line."""
    try:
        dataset.RFTDatasetSample.model_validate(json.loads(text))
    except ValidationError as error:
        return "; ".join(f"{one['loc']}: {one['msg']}" for one in error.errors())
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return None


def set_problem(lines):
    try:
        dataset.RFTDatasetValidator(Model.NOVA_LITE_2).validate(
            iter([json.loads(line) for line in lines]), model=Model.NOVA_LITE_2
        )
    except ValueError as error:
        return str(error)
    return None


def floats(tree):
    """JSON's way through JavaScript makes no difference between 1 and 1.0: {"float": 1} does."""
    return float(tree["float"]) if set(tree) == {"float"} else tree


def main():
    questions = json.load(sys.stdin, object_hook=floats)
    with contextlib.redirect_stdout(io.StringIO()):
        cases = questions.get("cases", [])
        made = {
            "forge": [asked(forge, questions, case) for case in cases],
            "sagemaker": [
                asked(sagemaker, questions, case) if case["target"] not in ("evaluation", "bedrock") else None
                for case in cases
            ],
            "lines": [line_problem(line) for line in questions.get("lines", [])],
            "sets": [set_problem(lines) for lines in questions.get("sets", [])],
        }
    json.dump(made, answers)


main()
