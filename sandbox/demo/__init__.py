"""The parts of the invented demo world; `sandbox.demo_data.build` puts them together."""
