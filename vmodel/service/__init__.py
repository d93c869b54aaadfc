"""Multi-tenant service: accounts, credits, files and jobs of many sellers in one installation."""
