"""What SageMaker and CloudWatch are asked for so that a version serves: requests, built of the definition. Pure."""
