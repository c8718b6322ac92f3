"""What results were made from, and whether they are still as they were written."""
