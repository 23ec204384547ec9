"""A Functions app on Azure Container Apps (`Microsoft.App/containerApps` of the kind `functionapp`)."""
