"""How the resources of services are named: which parameter of a request names what, and the form of its ARN.

What it does: a table, a service a block; the first member that a request has names the resource. A value that is an ARN
already is taken as it is; in the form `{}` stands for the value, `{last}` for what follows its last slash, `{region}` and
`{account}` for the request's. What it does not do: the services whose resources need more than that (`arns`).
Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Mapping
from typing import Final

# Member of the request, and the ARN after "arn:aws:".
Form = tuple[str, str]

FORMS: Final[Mapping[str, tuple[Form, ...]]] = {
    "accessanalyzer": (
        ("analyzerArn", "{}"),
        ("analyzerName", "access-analyzer:{region}:{account}:analyzer/{}"),
        ("resourceArn", "{}"),
    ),
    "account": (("AccountId", "account::{account}:account"),),
    "acm": (("CertificateArn", "{}"),),
    "athena": (
        ("WorkGroup", "athena:{region}:{account}:workgroup/{}"),
        ("Name", "athena:{region}:{account}:workgroup/{}"),
    ),
    "autoscaling": (
        (
            "AutoScalingGroupName",
            "autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{}",
        ),
        (
            "LaunchConfigurationName",
            "autoscaling:{region}:{account}:launchConfiguration:*:launchConfigurationName/{}",
        ),
    ),
    "backup": (
        ("BackupVaultName", "backup:{region}:{account}:backup-vault:{}"),
        ("BackupPlanId", "backup:{region}:{account}:backup-plan:{}"),
    ),
    "batch": (
        ("jobQueue", "batch:{region}:{account}:job-queue/{}"),
        ("computeEnvironmentName", "batch:{region}:{account}:compute-environment/{}"),
        ("jobDefinitionName", "batch:{region}:{account}:job-definition/{}"),
    ),
    "cloudformation": (
        ("StackName", "cloudformation:{region}:{account}:stack/{}/*"),
        ("StackSetName", "cloudformation:{region}:{account}:stackset/{}:*"),
    ),
    "cloudfront": (
        ("Id", "cloudfront::{account}:distribution/{}"),
        ("DistributionId", "cloudfront::{account}:distribution/{}"),
        ("Resource", "{}"),
    ),
    "cloudtrail": (
        ("TrailName", "cloudtrail:{region}:{account}:trail/{}"),
        ("Name", "cloudtrail:{region}:{account}:trail/{}"),
        ("EventDataStore", "cloudtrail:{region}:{account}:eventdatastore/{}"),
        ("ResourceId", "{}"),
    ),
    "cloudwatch": (
        ("AlarmNames", "cloudwatch:{region}:{account}:alarm:{}"),
        ("AlarmName", "cloudwatch:{region}:{account}:alarm:{}"),
        ("DashboardName", "cloudwatch::{account}:dashboard/{}"),
    ),
    "codebuild": (
        ("projectName", "codebuild:{region}:{account}:project/{}"),
        ("name", "codebuild:{region}:{account}:project/{}"),
    ),
    "codepipeline": (
        ("pipelineName", "codepipeline:{region}:{account}:{}"),
        ("name", "codepipeline:{region}:{account}:{}"),
    ),
    "cognito-identity": (("IdentityPoolId", "cognito-identity:{region}:{account}:identitypool/{}"),),
    "cognito-idp": (("UserPoolId", "cognito-idp:{region}:{account}:userpool/{}"), ("ResourceArn", "{}")),
    "config": (
        ("ConfigRuleName", "config:{region}:{account}:config-rule/{}"),
        ("ConfigurationAggregatorName", "config:{region}:{account}:config-aggregator/{}"),
    ),
    "dynamodbstreams": (("StreamArn", "{}"),),
    "ecr": (
        ("repositoryName", "ecr:{region}:{account}:repository/{}"),
        ("repositoryNames", "ecr:{region}:{account}:repository/{}"),
        ("resourceArn", "{}"),
    ),
    "ecs": (
        ("taskDefinition", "ecs:{region}:{account}:task-definition/{}"),
        ("service", "ecs:{region}:{account}:service/*/{}"),
        ("serviceName", "ecs:{region}:{account}:service/*/{}"),
        ("cluster", "ecs:{region}:{account}:cluster/{}"),
        ("clusterName", "ecs:{region}:{account}:cluster/{}"),
        ("family", "ecs:{region}:{account}:task-definition/{}:*"),
        ("resourceArn", "{}"),
    ),
    "efs": (
        ("FileSystemId", "elasticfilesystem:{region}:{account}:file-system/{}"),
        ("AccessPointId", "elasticfilesystem:{region}:{account}:access-point/{}"),
    ),
    "eks": (
        ("clusterName", "eks:{region}:{account}:cluster/{}"),
        ("name", "eks:{region}:{account}:cluster/{}"),
        ("resourceArn", "{}"),
    ),
    "elasticache": (
        ("ReplicationGroupId", "elasticache:{region}:{account}:replicationgroup:{}"),
        ("CacheClusterId", "elasticache:{region}:{account}:cluster:{}"),
    ),
    "elb": (("LoadBalancerName", "elasticloadbalancing:{region}:{account}:loadbalancer/{}"),),
    "elbv2": (
        ("ListenerArn", "{}"),
        ("RuleArn", "{}"),
        ("LoadBalancerArn", "{}"),
        ("TargetGroupArn", "{}"),
        ("ResourceArns", "{}"),
    ),
    "emr": (
        ("JobFlowId", "elasticmapreduce:{region}:{account}:cluster/{}"),
        ("ClusterId", "elasticmapreduce:{region}:{account}:cluster/{}"),
    ),
    "events": (
        ("Rule", "events:{region}:{account}:rule/{}"),
        ("Name", "events:{region}:{account}:rule/{}"),
        ("EventBusName", "events:{region}:{account}:event-bus/{}"),
        ("ResourceARN", "{}"),
    ),
    "firehose": (("DeliveryStreamName", "firehose:{region}:{account}:deliverystream/{}"),),
    "glue": (
        ("TableName", "glue:{region}:{account}:table/*/{}"),
        ("DatabaseName", "glue:{region}:{account}:database/{}"),
        ("JobName", "glue:{region}:{account}:job/{}"),
        ("Name", "glue:{region}:{account}:*/{}"),
    ),
    "guardduty": (
        ("DetectorId", "guardduty:{region}:{account}:detector/{}"),
        ("ResourceArn", "{}"),
    ),
    "inspector2": (),
    "kinesis": (("StreamARN", "{}"), ("StreamName", "kinesis:{region}:{account}:stream/{}")),
    "macie2": (("jobId", "macie2:{region}:{account}:classification-job/{}"),),
    "network-firewall": (
        ("FirewallArn", "{}"),
        ("FirewallName", "network-firewall:{region}:{account}:firewall/{}"),
        ("FirewallPolicyName", "network-firewall:{region}:{account}:firewall-policy/{}"),
    ),
    "opensearch": (("DomainName", "es:{region}:{account}:domain/{}"), ("ARN", "{}")),
    "es": (("DomainName", "es:{region}:{account}:domain/{}"), ("ARN", "{}")),
    "ram": (("resourceShareArn", "{}"), ("resourceShareArns", "{}")),
    "rds": (
        ("DBClusterSnapshotIdentifier", "rds:{region}:{account}:cluster-snapshot:{}"),
        ("DBSnapshotIdentifier", "rds:{region}:{account}:snapshot:{}"),
        ("DBInstanceIdentifier", "rds:{region}:{account}:db:{}"),
        ("DBClusterIdentifier", "rds:{region}:{account}:cluster:{}"),
        ("DBSubnetGroupName", "rds:{region}:{account}:subgrp:{}"),
        ("DBParameterGroupName", "rds:{region}:{account}:pg:{}"),
        ("ResourceName", "{}"),
    ),
    "redshift": (
        ("ClusterIdentifier", "redshift:{region}:{account}:cluster:{}"),
        ("ResourceName", "{}"),
    ),
    "rolesanywhere": (
        ("resourceArn", "{}"),
        ("trustAnchorId", "rolesanywhere:{region}:{account}:trust-anchor/{}"),
    ),
    "route53": (
        ("HostedZoneId", "route53:::hostedzone/{last}"),
        ("Id", "route53:::hostedzone/{last}"),
    ),
    "sagemaker": (
        ("NotebookInstanceName", "sagemaker:{region}:{account}:notebook-instance/{}"),
        ("EndpointName", "sagemaker:{region}:{account}:endpoint/{}"),
        ("TrainingJobName", "sagemaker:{region}:{account}:training-job/{}"),
        ("ModelName", "sagemaker:{region}:{account}:model/{}"),
    ),
    "securityhub": (("HubArn", "{}"), ("ProductArn", "{}")),
    "ses": (
        ("Source", "ses:{region}:{account}:identity/{}"),
        ("Identity", "ses:{region}:{account}:identity/{}"),
    ),
    "sesv2": (
        ("FromEmailAddress", "ses:{region}:{account}:identity/{}"),
        ("EmailIdentity", "ses:{region}:{account}:identity/{}"),
    ),
    "sns": (
        ("TopicArn", "{}"),
        ("TargetArn", "{}"),
        ("ResourceArn", "{}"),
        ("Name", "sns:{region}:{account}:{}"),
    ),
    "sso-admin": (("PermissionSetArn", "{}"), ("InstanceArn", "{}")),
    "stepfunctions": (
        ("stateMachineArn", "{}"),
        ("executionArn", "{}"),
        ("activityArn", "{}"),
        ("resourceArn", "{}"),
        ("name", "states:{region}:{account}:stateMachine:{}"),
    ),
    "wafv2": (("WebACLArn", "{}"), ("ARN", "{}"), ("ResourceArn", "{}")),
}
