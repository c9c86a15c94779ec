"""batchgw: bring the gateway responses of many API Gateway REST APIs to one written policy."""
