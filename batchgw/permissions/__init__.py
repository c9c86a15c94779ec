"""Which permissions a policy's job needs, as IAM, CloudFormation and Terraform spell them. Pure."""
