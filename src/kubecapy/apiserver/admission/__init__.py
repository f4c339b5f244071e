"""Complete or refuse writes with regard to who sends them."""
