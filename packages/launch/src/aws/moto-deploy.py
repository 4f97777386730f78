"""Deploys a template into moto's CloudFormation, a simulator of AWS in this process, and prints what came of it.

usage: python moto-deploy.py TEMPLATE ZIP PARAMETERS(JSON)
"""

import ast
import json
import re
import sys
import warnings

import boto3
from moto import mock_aws

warnings.simplefilter("ignore")
template_file, zip_file, parameters = sys.argv[1:]
with open(template_file) as file:
    template = file.read()
with open(zip_file, "rb") as file:
    code = file.read()


def client(service):
    return boto3.client(
        service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def document(value):
    """moto gives some documents as Python's text of them."""
    return ast.literal_eval(value) if isinstance(value, str) else value


def role(arn):
    """Trust and own policies of a role. moto does not attach the managed ones that a template names."""
    iam = client("iam")
    name = arn.split("/")[-1]
    own = [
        document(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    return {
        "trust": document(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]),
        "statements": [statement for policy in own for statement in policy["Statement"]],
    }


def managed_statements():
    iam = client("iam")
    documents = [
        iam.get_policy_version(PolicyArn=one["Arn"], VersionId=one["DefaultVersionId"])["PolicyVersion"]["Document"]
        for one in sorted(iam.list_policies(Scope="Local")["Policies"], key=lambda one: one["PolicyName"])
    ]
    return [statement for one in documents for statement in document(one)["Statement"]]


with mock_aws():
    client("s3").create_bucket(Bucket="code")
    key = re.search(r"S3Key: (\S+)", template)[1]
    client("s3").put_object(Bucket="code", Key=key, Body=code)
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName="reward",
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in json.loads(parameters).items()
        ],
    )
    stack = cloudformation.describe_stacks(StackName="reward")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    function = client("lambda").get_function(FunctionName=outputs["FunctionArn"])["Configuration"]
    groups = client("logs").describe_log_groups()["logGroups"]
    json.dump(
        {
            "status": stack["StackStatus"],
            "outputs": outputs,
            "function": function,
            "logs": [[group["logGroupName"], group.get("retentionInDays")] for group in groups],
            "roles": {name: role(arn) for name, arn in outputs.items() if name.endswith("RoleArn")},
            "managed": managed_statements(),
        },
        sys.stdout,
        default=str,
    )
