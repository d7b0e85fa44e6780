"""Price plans, and the charge of usage by a plan. Billing owns customer accounts, periods and documents."""
