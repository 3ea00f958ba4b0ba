"""Small apps that the page benchmark serves beside the product."""
