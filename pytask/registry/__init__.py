"""Azure Container Registry: which one, its tokens, what it holds."""
