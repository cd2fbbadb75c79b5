"""Spreadsheets in and out: CSV and XLSX read whole or not at all, written safe to open."""
