"""HubSpot's standard properties, options, pipelines and association types, as compact tables."""
